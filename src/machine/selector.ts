import { type IpAddress, type Subnet, subnetHolds } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { swapUuid, type Uuid } from '../net/uuid.js';
import type { Firmware, MachineFacts } from './facts.js';
import type { Machine } from './machine.js';

/**
 * What an assignment demands of a machine: keys are AND, the values of one key are OR, no key at all matches every
 * machine.
 */
export type Selector = {
  /** Names of known machines. */
  readonly machine?: readonly string[];
  readonly mac?: readonly MacAddress[];
  readonly uuid?: readonly Uuid[];
  readonly serial?: readonly string[];
  readonly asset?: readonly string[];
  readonly manufacturer?: readonly string[];
  readonly product?: readonly string[];
  readonly ip?: readonly Subnet[];
  /** Go's names. */
  readonly arch?: readonly string[];
  readonly firmware?: readonly Firmware[];
  /** In lower case, as names of hosts are compared. */
  readonly hostname?: readonly string[];
  /** Every label named must be there, with one of the values. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
};

export type SelectorKey = keyof Selector;

/** `unknown`: the facts at hand cannot decide yet; a later step of the boot will know more. */
export type Answer = 'yes' | 'no' | 'unknown';

/** Whom a selector is asked about: what the machine said, and which known machine it is, if any. */
export type Candidate = {
  readonly facts: MachineFacts;
  readonly machine?: Machine;
  /** It may still turn out to be a known machine: there are some that go by what it has not said yet. */
  readonly mayBeKnown: boolean;
};

/** What is known of a candidate under one key. `complete`: nothing that comes later adds to it. */
export type KnownValues = { readonly values: readonly string[]; readonly complete: boolean };

/** The keys whose values are compared as they are. */
export type PlainKey = Exclude<SelectorKey, 'ip' | 'firmware' | 'labels'>;

/** What the machine said and what our records say of it, under each key. */
const KNOWN: Readonly<Record<PlainKey, (candidate: Candidate) => KnownValues>> = {
  machine: ({ machine, mayBeKnown }) => ({ values: one(machine?.name), complete: !mayBeKnown }),
  mac: ({ facts, machine, mayBeKnown }) => recorded([...facts.macs, ...(machine?.macs ?? [])], mayBeKnown),
  // Both SMBIOS byte orders are the same machine.
  uuid: ({ facts, machine, mayBeKnown }) =>
    recorded(
      [...one(facts.uuid), ...one(machine?.uuid)].flatMap((uuid) => [uuid, swapUuid(uuid)]),
      mayBeKnown,
    ),
  serial: ({ facts, machine, mayBeKnown }) => recorded([...one(facts.serial), ...one(machine?.serial)], mayBeKnown),
  asset: ({ facts }) => reported(facts.asset),
  manufacturer: ({ facts }) => reported(facts.manufacturer),
  product: ({ facts }) => reported(facts.product),
  arch: ({ facts, machine }) => reported(facts.architecture ?? machine?.architecture),
  // Its record counts until it says one itself.
  hostname: ({ facts, machine, mayBeKnown }) => ({
    values: one(facts.hostname ?? machine?.hostname).map((name) => name.toLowerCase()),
    complete: facts.hostname !== undefined && !mayBeKnown,
  }),
};

export function knownValues(key: PlainKey, candidate: Candidate): KnownValues {
  return KNOWN[key](candidate);
}

/** The address it has now, else the one of its record. */
export function knownAddresses({ facts, machine }: Candidate): readonly IpAddress[] {
  return one(facts.ip ?? machine?.ip);
}

/** Whether nothing that comes later adds to them. */
export function areAddressesKnown({ facts, mayBeKnown }: Candidate): boolean {
  return facts.ip !== undefined && !mayBeKnown;
}

/** Three-valued AND over the keys: one no decides, else one unknown does. */
export function matchSelector(selector: Selector, candidate: Candidate): Answer {
  let answer: Answer = 'yes';
  for (const key of keysOf(selector)) {
    const one = judgeKey(key, selector, candidate);
    if (one === 'no') return 'no';
    if (one === 'unknown') answer = 'unknown';
  }
  return answer;
}

/** The keys a selector has, in the order of the type. */
export function keysOf(selector: Selector): readonly SelectorKey[] {
  return Object.keys(selector) as SelectorKey[];
}

/** What one of the selector's keys says. */
export function judgeKey(key: SelectorKey, selector: Selector, candidate: Candidate): Answer {
  switch (key) {
    case 'ip':
      return judgeIp(selector.ip ?? [], candidate);
    case 'firmware':
      return judgeFirmware(selector.firmware ?? [], candidate.facts.firmware ?? []);
    case 'labels':
      return judgeLabels(selector.labels ?? {}, candidate);
    default:
      return anyOf(selector[key] ?? [], knownValues(key, candidate));
  }
}

function anyOf(wanted: readonly string[], { values, complete }: KnownValues): Answer {
  if (values.some((value) => wanted.includes(value))) return 'yes';
  return complete ? 'no' : 'unknown';
}

function judgeIp(wanted: readonly Subnet[], candidate: Candidate): Answer {
  const addresses = knownAddresses(candidate);
  if (addresses.some((ip) => wanted.some((subnet) => subnetHolds(subnet, ip)))) return 'yes';
  return areAddressesKnown(candidate) ? 'no' : 'unknown';
}

function judgeFirmware(wanted: readonly Firmware[], possible: readonly Firmware[]): Answer {
  const fitting = possible.filter((firmware) => wanted.includes(firmware)).length;
  if (possible.length === 0) return 'unknown';
  if (fitting === possible.length) return 'yes';
  return fitting === 0 ? 'no' : 'unknown';
}

function judgeLabels(wanted: NonNullable<Selector['labels']>, { machine, mayBeKnown }: Candidate): Answer {
  if (machine === undefined && mayBeKnown) return 'unknown';
  const fits = Object.entries(wanted).every(([label, values]) => one(labelOf(machine, label)).some(isIn(values)));
  return fits ? 'yes' : 'no';
}

/** A label of our records; never one of the prototype of objects. */
export function labelOf(machine: Machine | undefined, label: string): string | undefined {
  return machine !== undefined && Object.hasOwn(machine.labels, label) ? machine.labels[label] : undefined;
}

function isIn(values: readonly string[]): (value: string) => boolean {
  return (value) => values.includes(value);
}

/** What only the machine says. */
function reported(value: string | undefined): KnownValues {
  return { values: one(value), complete: value !== undefined };
}

/** What our records may add to. */
function recorded(values: readonly string[], mayBeKnown: boolean): KnownValues {
  return { values, complete: values.length > 0 && !mayBeKnown };
}

function one<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}
