import type { IpAddress } from '../net/ip.js';
import type { ClientKey } from './client.js';
import type { Lease } from './lease.js';

/** All leases: one an address, and those of each client. */
export class LeaseTable {
  readonly #byAddress = new Map<IpAddress, Lease>();
  readonly #byKey = new Map<ClientKey, readonly IpAddress[]>();

  at(address: IpAddress): Lease | undefined {
    return this.#byAddress.get(address);
  }

  /** What a client has, or had last. */
  of(key: ClientKey): readonly Lease[] {
    return (this.#byKey.get(key) ?? []).flatMap((address) => this.#byAddress.get(address) ?? []);
  }

  all(): Iterable<Lease> {
    return this.#byAddress.values();
  }

  /** In place of what the address had. */
  set(lease: Lease): void {
    const { address, key } = lease;
    const before = this.#byAddress.get(address);
    if (before !== undefined && before.key !== key) this.delete(address);
    this.#byAddress.set(address, lease);
    if (key !== undefined && before?.key !== key) this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), address]);
  }

  delete(address: IpAddress): void {
    const key = this.#byAddress.get(address)?.key;
    if (key !== undefined) {
      const left = (this.#byKey.get(key) ?? []).filter((one) => one !== address);
      if (left.length > 0) this.#byKey.set(key, left);
      else this.#byKey.delete(key);
    }
    this.#byAddress.delete(address);
  }
}
