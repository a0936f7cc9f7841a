import type { Machine } from '../machine/machine.js';
import type { IpAddress } from '../net/ip.js';

/** What the operator's records say of addresses. An immutable snapshot; made anew when the records change. */
export class Reservations {
  readonly #byAddress: ReadonlyMap<IpAddress, string>;
  /** How many machines have a record, and no address in it. */
  readonly withoutAddress: number;

  constructor(machines: readonly Pick<Machine, 'name' | 'ip'>[]) {
    this.#byAddress = new Map(machines.flatMap(({ name, ip }) => (ip === undefined ? [] : [[ip, name]])));
    this.withoutAddress = machines.filter(({ ip }) => ip === undefined).length;
  }

  /** Whose record has it: nobody else is given it. */
  machineAt(address: IpAddress): string | undefined {
    return this.#byAddress.get(address);
  }

  addresses(): Iterable<IpAddress> {
    return this.#byAddress.keys();
  }
}
