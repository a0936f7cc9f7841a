import type { MacAddress } from '../net/mac.js';
import { swapUuid, type Uuid } from '../net/uuid.js';
import type { MachineFacts } from './facts.js';
import type { Machine } from './machine.js';

/** Whom a boot is about: a known machine or a stranger. */
export type Subject = {
  /** The machine's name; for strangers the MAC, else the UUID, else the source address. */
  readonly name: string;
  readonly machine?: Machine;
  /** What it reported, with the architecture from our records where it reported none. */
  readonly facts: MachineFacts;
};

/** The known machines, indexed by what they report. An immutable snapshot; built anew when the configuration changes. */
export class Inventory {
  readonly #byMac = new Map<MacAddress, Machine>();
  readonly #byUuid = new Map<Uuid, Machine>();
  readonly #bySerial = new Map<string, Machine>();

  constructor(machines: readonly Machine[]) {
    for (const machine of machines) {
      for (const mac of machine.macs) this.#byMac.set(mac, machine);
      if (machine.uuid !== undefined) {
        this.#byUuid.set(machine.uuid, machine);
        this.#byUuid.set(swapUuid(machine.uuid), machine);
      }
      if (machine.serial !== undefined) this.#bySerial.set(machine.serial, machine);
    }
  }

  /** A MAC tells most: it names the very card that boots. Then the UUID, then the serial number. */
  identify(facts: MachineFacts): Subject {
    const machine =
      firstOf(facts.macs, (mac) => this.#byMac.get(mac)) ??
      (facts.uuid && this.#byUuid.get(facts.uuid)) ??
      (facts.serial && this.#bySerial.get(facts.serial));
    if (machine === undefined || machine === '') return { name: strangerName(facts), facts };
    const architecture = facts.architecture ?? machine.architecture;
    return { name: machine.name, machine, facts: { ...facts, ...(architecture !== undefined && { architecture }) } };
  }
}

function firstOf<K, V>(keys: readonly K[], find: (key: K) => V | undefined): V | undefined {
  for (const key of keys) {
    const value = find(key);
    if (value !== undefined) return value;
  }
  return undefined;
}

function strangerName({ macs, uuid, sourceAddress }: MachineFacts): string {
  return macs[0] ?? uuid ?? sourceAddress;
}
