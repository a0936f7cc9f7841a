import type { IpAddress } from '../net/ip.js';
import { ip4NumberOf, ip4Of } from '../net/ip4-number.js';
import { partitionPoint } from '../partition-point.js';

/** The numbers of the first and of the last address that are meant. */
export type AddressBounds = readonly [first: number, last: number];

/** Addresses in their order: sorted when somebody wants to see them, and only where there are others than the time before. */
export class AddressOrder {
  readonly #numbers = new Set<number>();
  #sorted: Uint32Array | undefined;

  add(address: IpAddress): void {
    const number = ip4NumberOf(address);
    if (number === undefined || this.#numbers.has(number)) return;
    this.#numbers.add(number);
    this.#sorted = undefined;
  }

  delete(address: IpAddress): void {
    const number = ip4NumberOf(address);
    if (number !== undefined && this.#numbers.delete(number)) this.#sorted = undefined;
  }

  /** As they are when the first is asked for. */
  *between([first, last]: AddressBounds): Generator<IpAddress, void> {
    this.#sorted ??= Uint32Array.from(this.#numbers).sort();
    const sorted = this.#sorted;
    const begin = partitionPoint(sorted.length, (one) => (sorted[one] ?? Infinity) < first);
    for (let at = begin; at < sorted.length; at += 1) {
      const number = sorted[at] ?? Infinity;
      if (number > last) return;
      yield ip4Of(number);
    }
  }
}
