import type { MachineFacts } from '../machine/facts.js';
import type { Inventory, Subject } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import { isJunkSerial } from '../machine/serial.js';
import { parseMac } from '../net/mac.js';
import { isJunkUuid, parseUuid, swapUuid } from '../net/uuid.js';

/** Whose standing is meant. */
export type Whose = {
  /** Its name for people. */
  readonly machine: string;
  /** All that the machine is known by: `standingKeys`. */
  readonly keys: readonly string[];
  /** What it reported beside that: it is kept with its standing, and changes nobody's. */
  readonly also?: readonly string[];
  /** Of a stranger, by what others' standings may say that it is done: all that it reported. */
  readonly evidence?: readonly string[];
};

/** The same with what it reports. Pure. */
export function whoseStanding({ name, machine, facts }: Pick<Subject, 'name' | 'machine' | 'facts'>): Whose {
  const keys = standingKeys({ ...(machine !== undefined && { machine }), facts });
  const reported = reportedKeys(facts);
  const also = reported.filter((key) => !keys.includes(key));
  return {
    machine: name,
    keys,
    also,
    ...(machine === undefined && { evidence: [...new Set([...keys, ...reported, ...evidentKeys(facts)])] }),
  };
}

/**
 * By what a machine's standing is found: its name, and what its record says of it, so that it is the same one after it got another
 * name; of a stranger, its MAC, else its UUID. What a known machine reports of itself beyond its record may be another's. Pure.
 */
export function standingKeys({ machine, facts }: Pick<Subject, 'machine' | 'facts'>): readonly string[] {
  if (machine === undefined) {
    const [mac] = facts.macs;
    if (mac !== undefined) return [`mac ${mac}`];
    return facts.uuid === undefined ? [`address ${facts.sourceAddress}`] : [`uuid ${facts.uuid}`];
  }
  const { name, macs, uuid, serial } = machine;
  return [
    `${NAME}${name}`,
    ...macs.map((mac) => `mac ${mac}`),
    ...(uuid === undefined ? [] : [`uuid ${uuid}`]),
    ...(serial === undefined ? [] : [`serial ${serial}`]),
  ];
}

/** The record that has one of them; undefined for none. Pure. */
export function recordWith(inventory: Inventory, key: string): Machine | undefined {
  const [kind, text] = [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];
  const nothing = { macs: [], sourceAddress: '' };
  switch (kind) {
    case 'name':
      return inventory.named(text);
    case 'mac': {
      const mac = parseMac(text);
      return mac && inventory.identify({ ...nothing, macs: [mac] }).machine;
    }
    case 'uuid': {
      const uuid = parseUuid(text);
      return uuid && inventory.identify({ ...nothing, uuid }).machine;
    }
    case 'serial':
      return inventory.identify({ ...nothing, serial: text }).machine;
    default:
      return undefined;
  }
}

/** Whether they are a stranger's. */
export function areStrangers(keys: readonly string[]): boolean {
  return !keys.some(isName);
}

const NAME = 'name ';

/** Whether it is that of a record. */
export function isName(key: string): boolean {
  return key.startsWith(NAME);
}

/** Of a key that is a name. */
export function nameIn(key: string): string {
  return key.slice(NAME.length);
}

function reportedKeys({ macs, uuid }: MachineFacts): readonly string[] {
  return [...macs.map((mac) => `mac ${mac}`), ...(uuid === undefined || isJunkUuid(uuid) ? [] : [`uuid ${uuid}`])];
}

/** By which records are known, too: by the UUID in either byte order, and by the serial number. */
function evidentKeys({ uuid, serial }: MachineFacts): readonly string[] {
  return [
    ...(uuid === undefined || isJunkUuid(uuid) ? [] : [`uuid ${swapUuid(uuid)}`]),
    ...(serial === undefined || isJunkSerial(serial) ? [] : [`serial ${serial}`]),
  ];
}
