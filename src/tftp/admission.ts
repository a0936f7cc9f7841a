import { TokenBuckets } from '../net/token-buckets.js';

export type AdmissionLimits = {
  /** Transfers at once, of all clients and of one address. */
  readonly maxTransfers: number;
  readonly maxPerAddress: number;
  /** Requests of one address: so many at once, and then so many a second. */
  readonly burst: number;
  readonly perSecond: number;
};

/** Many loaders ask for a dozen files that are not there before one that is. */
export const ADMISSION_LIMITS: AdmissionLimits = { maxTransfers: 500, maxPerAddress: 10, burst: 50, perSecond: 20 };

/** Where many clients come from one address, which single-port mode is for: a rack that powers on behind a NAT. */
export const LIMITS_BEHIND_NAT: AdmissionLimits = { maxTransfers: 500, maxPerAddress: 500, burst: 500, perSecond: 100 };

/** `busy`: this address has enough; `full`: all have. */
export type Room = 'free' | 'busy' | 'full';

/** Which requests are looked at, and how many transfers there may be. */
export class Admissions {
  readonly #limits: AdmissionLimits;
  readonly #buckets: TokenBuckets;
  readonly #running = new Map<string, number>();
  #total = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#buckets = new TokenBuckets(limits);
  }

  /** Whether a request is worth an answer, whose receiver may be somebody else. `now`: milliseconds that only go forward. */
  takes(address: string, now: number): boolean {
    return this.#buckets.take(address, now);
  }

  /** Whether a transfer may begin. */
  roomFor(address: string): Room {
    if ((this.#running.get(address) ?? 0) >= this.#limits.maxPerAddress) return 'busy';
    return this.#total >= this.#limits.maxTransfers ? 'full' : 'free';
  }

  begun(address: string): void {
    this.#total += 1;
    this.#running.set(address, (this.#running.get(address) ?? 0) + 1);
  }

  ended(address: string): void {
    const left = (this.#running.get(address) ?? 1) - 1;
    this.#total -= 1;
    if (left > 0) this.#running.set(address, left);
    else this.#running.delete(address);
  }
}
