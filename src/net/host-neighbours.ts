import { withoutMapping } from './ip.js';
import type { MacAddress } from './mac.js';
import type { Neighbours } from './neighbours.js';

/** Those of both families; IPv4 stays that when it comes by a socket for both. */
export class HostNeighbours implements Neighbours {
  readonly #ip4: Neighbours;
  readonly #ip6: Neighbours;

  constructor({ ip4, ip6 }: { readonly ip4: Neighbours; readonly ip6: Neighbours }) {
    this.#ip4 = ip4;
    this.#ip6 = ip6;
  }

  look(address: string): void {
    this.#of(address).look(address);
  }

  find(address: string): Promise<MacAddress | undefined> {
    return this.#of(address).find(address);
  }

  macAt(address: string): MacAddress | undefined {
    return this.#of(address).macAt(address);
  }

  trouble(address: string): string | undefined {
    return this.#of(address).trouble(address);
  }

  #of(address: string): Neighbours {
    return withoutMapping(address).includes(':') ? this.#ip6 : this.#ip4;
  }
}
