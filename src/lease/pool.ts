import type { IpAddress } from '../net/ip.js';
import { type AddressRange, nthAddress, rangeHolds, rangeSize } from './address-range.js';

/** Of a pool, at most: the rest is for strangers, however many machines have a record. */
const MOST_KEPT = 1 / 2;

/** Machines with a record that has no address: how many there are, and to how many an address of any pool is given. */
export type Unreserved = { machines: number; placed: number };

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
  readonly #unreserved: Unreserved;

  /** `unreserved`: shared by all pools. */
  constructor(ranges: readonly AddressRange[], unreserved: Unreserved) {
    this.#ranges = ranges;
    this.#unreserved = unreserved;
    this.size = ranges.reduce((sum, range) => sum + rangeSize(range), 0);
  }

  holds(address: IpAddress): boolean {
    return this.#ranges.some((range) => rangeHolds(range, address));
  }

  /** From now on these are for the machines whose records have them. Answers those that are so no longer: whether they are used is to be said. */
  reserve(addresses: readonly IpAddress[]): readonly IpAddress[] {
    const before = this.#reserved;
    this.#reserved = new Set(addresses.filter((address) => this.holds(address)));
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
    if (isKnown) this.#unreserved.placed += 1;
  }

  /** It has been given, and is not any more. */
  free(address: IpAddress): void {
    this.#forget(address);
    if (!this.#reserved.has(address) && this.holds(address)) this.#freed.add(address);
  }

  #forget(address: IpAddress): void {
    if (this.#used.get(address) === true) this.#unreserved.placed -= 1;
    this.#used.delete(address);
  }

  /** How many are free. */
  get left(): number {
    return this.size - this.#used.size - this.#reserved.size;
  }

  /**
   * How many of them are for machines with a record that have none yet: whoever makes up cards as fast as they like gets no more
   * than the rest. Where those machines are is not known before they ask.
   */
  get kept(): number {
    const { machines, placed } = this.#unreserved;
    return Math.min(Math.max(0, machines - placed), Math.floor(this.size * MOST_KEPT), this.left);
  }

  /** How many of them a machine may take. */
  leftFor(isKnown: boolean): number {
    return isKnown ? this.left : this.left - this.kept;
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
