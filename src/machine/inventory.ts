import type { MacAddress } from '../net/mac.js';
import { swapUuid, type Uuid } from '../net/uuid.js';
import type { MachineFacts } from './facts.js';
import type { Machine } from './machine.js';

/** By which kind of fact a machine is known, the most telling first: a MAC names the very card that boots. */
export const IDENTITIES = ['mac', 'uuid', 'serial'] as const;
export type Identity = (typeof IDENTITIES)[number];

/** A fact that names a known machine. */
export type Clue = { readonly by: Identity; readonly machine: string };

/** Whom a boot is about: a known machine or a stranger. */
export type Subject = {
  /** The machine's name; for strangers the MAC, else the UUID, else the source address. */
  readonly name: string;
  readonly machine?: Machine;
  /** The fact that decided who it is. */
  readonly knownBy?: Identity;
  /** Facts that name other machines than the one it is taken for. */
  readonly contradictions: readonly Clue[];
  /** A stranger that may still turn out to be a known machine: see `Candidate`. */
  readonly mayBeKnown: boolean;
  /** What it reported, with the architecture from our records where it reported none. */
  readonly facts: MachineFacts;
};

/** The known machines, indexed by what they report. An immutable snapshot; built anew when the mapping changes. */
export class Inventory {
  readonly #byMac = new Map<MacAddress, Machine>();
  readonly #byUuid = new Map<Uuid, Machine>();
  readonly #bySerial = new Map<string, Machine>();
  readonly #byName: ReadonlyMap<string, Machine>;
  /** For every combination there is: by which kinds of facts some machine is known. */
  readonly #combinations = new Map<string, ReadonlySet<Identity>>();

  constructor(machines: readonly Machine[]) {
    this.#byName = new Map(machines.map((machine) => [machine.name, machine]));
    for (const machine of machines) {
      const { macs, uuid, serial } = machine;
      for (const mac of macs) this.#byMac.set(mac, machine);
      if (uuid !== undefined) {
        this.#byUuid.set(uuid, machine);
        this.#byUuid.set(swapUuid(uuid), machine);
      }
      if (serial !== undefined) this.#bySerial.set(serial, machine);
      const kinds = kindsIn(macs, uuid, serial);
      if (kinds.length > 0) this.#combinations.set(kinds.join(), new Set(kinds));
    }
  }

  /**
   * Who it is: by its MAC, else by its UUID in either byte order, else by its serial number. When they name different
   * machines, that order decides, and the rest are contradictions.
   */
  identify(facts: MachineFacts): Subject {
    const found = this.#found(facts);
    const [first] = found;
    if (first === undefined) {
      return { name: strangerName(facts), contradictions: [], mayBeKnown: this.#mayBeKnown(facts), facts };
    }
    const { machine, by } = first;
    const architecture = facts.architecture ?? machine.architecture;
    return {
      name: machine.name,
      machine,
      knownBy: by,
      contradictions: found
        .filter((other) => other.machine !== machine)
        .map((other) => ({ by: other.by, machine: other.machine.name })),
      mayBeKnown: false,
      facts: { ...facts, ...(architecture !== undefined && { architecture }) },
    };
  }

  /** Whether it is the name of a known machine, not of a stranger. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The known machine of that name. */
  named(name: string): Machine | undefined {
    return this.#byName.get(name);
  }

  #found({ macs, uuid, serial }: MachineFacts): readonly { readonly by: Identity; readonly machine: Machine }[] {
    return [
      ...macs.map((mac) => ({ by: 'mac', machine: this.#byMac.get(mac) }) as const),
      { by: 'uuid', machine: uuid === undefined ? undefined : this.#byUuid.get(uuid) } as const,
      { by: 'serial', machine: serial === undefined ? undefined : this.#bySerial.get(serial) } as const,
    ].flatMap(({ by, machine }) => (machine === undefined ? [] : [{ by, machine }]));
  }

  /**
   * Whether some machine is known only by facts that were not reported. One that is also known by a fact that was
   * reported is not meant, or it would have been found: a machine's record names every card it boots from.
   */
  #mayBeKnown({ macs, uuid, serial }: MachineFacts): boolean {
    const reported = kindsIn(macs, uuid, serial);
    return [...this.#combinations.values()].some((kinds) => !reported.some((kind) => kinds.has(kind)));
  }
}

function kindsIn(macs: readonly MacAddress[], uuid: Uuid | undefined, serial: string | undefined): readonly Identity[] {
  const there: Readonly<Record<Identity, boolean>> = {
    mac: macs.length > 0,
    uuid: uuid !== undefined,
    serial: serial !== undefined,
  };
  return IDENTITIES.filter((kind) => there[kind]);
}

function strangerName({ macs, uuid, sourceAddress }: MachineFacts): string {
  return macs[0] ?? uuid ?? sourceAddress;
}
