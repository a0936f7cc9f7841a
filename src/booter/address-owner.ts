import type { MacAddress } from '../net/mac.js';
import type { Neighbours } from '../net/neighbours.js';
import type { Attribution } from './attribution.js';
import type { DhcpMemory } from './dhcp-memory.js';
import type { Mapping } from './mapping.js';

export type AddressOwnerParts = {
  readonly attribution: Pick<Attribution, 'machineAt'>;
  readonly neighbours: Neighbours;
  readonly memory: Pick<DhcpMemory, 'hasAsked'>;
  /** The one in force. */
  readonly mapping: () => Pick<Mapping, 'inventory'>;
};

/**
 * Whose boot a request belongs to that says nothing but where it comes from: by a step of the boot that came from there, else by
 * the card that answers there, where that has lately asked how to boot.
 */
export class AddressOwner {
  readonly #parts: AddressOwnerParts;

  constructor(parts: AddressOwnerParts) {
    this.#parts = parts;
  }

  /** It is going to be asked for: which card answers there is not known at once. */
  look(address: string): void {
    this.#parts.neighbours.look(address);
  }

  /** As of the last look. */
  machineAt(address: string): string | undefined {
    const { attribution, neighbours } = this.#parts;
    return attribution.machineAt(address) ?? this.#machineOf(neighbours.macAt(address), address);
  }

  /** The same, after a look. Never throws. */
  async find(address: string): Promise<string | undefined> {
    const { attribution, neighbours } = this.#parts;
    return attribution.machineAt(address) ?? this.#machineOf(await neighbours.find(address), address);
  }

  #machineOf(mac: MacAddress | undefined, address: string): string | undefined {
    const { memory, mapping } = this.#parts;
    if (mac === undefined || !memory.hasAsked(mac)) return undefined;
    return mapping().inventory.identify({ macs: [mac], sourceAddress: address }).name;
  }
}
