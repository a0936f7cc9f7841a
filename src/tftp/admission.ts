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

type Bucket = { readonly tokens: number; readonly at: number };

const MAX_ADDRESSES = 10_000;

/** Which requests are looked at, and how many transfers there may be. */
export class Admissions {
  readonly #limits: AdmissionLimits;
  /** Addresses in the order of their last request. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #running = new Map<string, number>();
  #total = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Whether a request is worth an answer, whose receiver may be somebody else. `now`: milliseconds that only go forward. */
  takes(address: string, now: number): boolean {
    return this.#takeToken(address, now);
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

  #takeToken(address: string, now: number): boolean {
    const { burst, perSecond } = this.#limits;
    const { tokens, at } = this.#buckets.get(address) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
    this.#buckets.delete(address);
    this.#buckets.set(address, { tokens: filled >= 1 ? filled - 1 : filled, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_ADDRESSES && oldest !== undefined) this.#buckets.delete(oldest);
    return filled >= 1;
  }
}
