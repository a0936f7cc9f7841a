import type { IpAddress } from '../net/ip.js';
import { type AddressRange, nthAddress, rangeHolds, rangeSize } from './address-range.js';

/** Of a pool, at most: the rest is for strangers, however many machines have a record. */
const MOST_KEPT = 1 / 2;

/** Which addresses of a subnet's ranges are free, and which is next: those that have been free for the longest. */
export class Pool {
  readonly #ranges: readonly AddressRange[];
  readonly size: number;
  /** All before it have been given, or reserved, at some time. */
  #fresh = 0;
  /** And whether by a machine with a record. Never the reserved ones. */
  readonly #used = new Map<IpAddress, boolean>();
  /** Those that have been given, or reserved, in the order in which they became free. */
  readonly #freed = new Set<IpAddress>();
  #reserved: ReadonlySet<IpAddress> = new Set();
  #withoutAddress = 0;
  #knownUsed = 0;

  constructor(ranges: readonly AddressRange[]) {
    this.#ranges = ranges;
    this.size = ranges.reduce((sum, range) => sum + rangeSize(range), 0);
  }

  holds(address: IpAddress): boolean {
    return this.#ranges.some((range) => rangeHolds(range, address));
  }

  /**
   * From now on these are for the machines whose records have them; so many others have none. Answers those that are so no longer:
   * whether they are used is to be said.
   */
  reserve(addresses: readonly IpAddress[], withoutAddress: number): readonly IpAddress[] {
    const before = this.#reserved;
    this.#reserved = new Set(addresses.filter((address) => this.holds(address)));
    this.#withoutAddress = withoutAddress;
    for (const address of this.#reserved) {
      this.#forget(address);
      this.#freed.delete(address);
    }
    return [...before].filter((address) => !this.#reserved.has(address));
  }

  use(address: IpAddress, isKnown: boolean): void {
    if (this.#reserved.has(address) || !this.holds(address)) return;
    this.#forget(address);
    this.#freed.delete(address);
    this.#used.set(address, isKnown);
    if (isKnown) this.#knownUsed += 1;
  }

  /** It has been given, and is not any more. */
  free(address: IpAddress): void {
    this.#forget(address);
    if (!this.#reserved.has(address) && this.holds(address)) this.#freed.add(address);
  }

  #forget(address: IpAddress): void {
    if (this.#used.get(address) === true) this.#knownUsed -= 1;
    this.#used.delete(address);
  }

  /** How many are free. */
  get left(): number {
    return this.size - this.#used.size - this.#reserved.size;
  }

  /**
   * How many of them a machine may take. Some are kept for machines with a record that have none: whoever makes up cards as
   * fast as they like gets no more than the rest.
   */
  leftFor(isKnown: boolean): number {
    if (isKnown) return this.left;
    const waiting = Math.max(0, this.#withoutAddress - this.#knownUsed);
    return this.left - Math.min(waiting, Math.floor(this.size * MOST_KEPT));
  }

  /** It stays free until it is used. */
  next(): IpAddress | undefined {
    for (; this.#fresh < this.size; this.#fresh += 1) {
      const address = nthAddress(this.#ranges, this.#fresh);
      if (address === undefined) break;
      if (!this.#used.has(address) && !this.#freed.has(address) && !this.#reserved.has(address)) return address;
    }
    const [longest] = this.#freed;
    return longest;
  }
}
