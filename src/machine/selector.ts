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
  readonly hostname?: readonly string[];
  /** Every label named must be there, with one of the values. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
};

/** `unknown`: the facts at hand cannot decide yet; a later step of the boot will know more. */
export type Answer = 'yes' | 'no' | 'unknown';

/** Whom a selector is asked about: what the machine said, and which known machine it is, if any. */
export type Candidate = { readonly facts: MachineFacts; readonly machine?: Machine };

/** Three-valued AND over the keys: one no decides, else one unknown does. */
export function matchSelector(selector: Selector, { facts, machine }: Candidate): Answer {
  const answers = [
    anyOf(selector.machine, machine === undefined ? [] : [machine.name], 'no'),
    anyOf(selector.mac, known(facts.macs, machine?.macs)),
    matchUuid(selector.uuid, known(one(facts.uuid), one(machine?.uuid))),
    anyOf(selector.serial, known(one(facts.serial), one(machine?.serial))),
    anyOf(selector.asset, one(facts.asset)),
    anyOf(selector.manufacturer, one(facts.manufacturer)),
    anyOf(selector.product, one(facts.product)),
    matchIp(selector.ip, known(one(facts.ip), one(machine?.ip))),
    anyOf(selector.arch, one(facts.architecture ?? machine?.architecture)),
    anyOf(selector.firmware, one(facts.firmware)),
    anyOf(selector.hostname, known(one(facts.hostname), one(machine?.hostname))),
    ...Object.entries(selector.labels ?? {}).map(([label, values]) =>
      anyOf(values, one(ownLabel(machine, label)), 'no'),
    ),
  ];
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}

/** No demand is met by anything; without a value it is not known yet, unless only our own records would know. */
function anyOf<T>(wanted: readonly T[] | undefined, values: readonly T[], whenMissing: Answer = 'unknown'): Answer {
  if (wanted === undefined) return 'yes';
  if (values.some((value) => wanted.includes(value))) return 'yes';
  return values.length === 0 ? whenMissing : 'no';
}

/** Both SMBIOS byte orders are the same machine. */
function matchUuid(wanted: readonly Uuid[] | undefined, values: readonly Uuid[]): Answer {
  return anyOf(wanted, [...values, ...values.map(swapUuid)]);
}

function matchIp(wanted: readonly Subnet[] | undefined, values: readonly IpAddress[]): Answer {
  if (wanted === undefined) return 'yes';
  if (values.length === 0) return 'unknown';
  return values.some((ip) => wanted.some((subnet) => subnetHolds(subnet, ip))) ? 'yes' : 'no';
}

function known<T>(reported: readonly T[], recorded: readonly T[] | undefined): readonly T[] {
  return [...reported, ...(recorded ?? [])];
}

function one<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

function ownLabel(machine: Machine | undefined, label: string): string | undefined {
  return machine !== undefined && Object.hasOwn(machine.labels, label) ? machine.labels[label] : undefined;
}
