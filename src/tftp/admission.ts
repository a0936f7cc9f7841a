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

/** `flood`: not even worth an answer, whose receiver may be somebody else. */
export type Admission = 'admitted' | 'flood' | 'busy';

type Bucket = { readonly tokens: number; readonly at: number };

const MAX_ADDRESSES = 10_000;

/** Which requests are looked at. */
export class Admissions {
  readonly #limits: AdmissionLimits;
  /** Addresses in the order of their last request. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #running = new Map<string, number>();
  #total = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.#total >= this.#limits.maxTransfers;
  }

  /** `now`: milliseconds that only go forward. */
  decide(address: string, now: number): Admission {
    const { maxPerAddress } = this.#limits;
    if (!this.#takeToken(address, now)) return 'flood';
    return this.isFull || (this.#running.get(address) ?? 0) >= maxPerAddress ? 'busy' : 'admitted';
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
