import { RecentMap } from '../recent-map.js';

export type BucketLimits = {
  /** So many at once, and then so many a second. */
  readonly burst: number;
  readonly perSecond: number;
  /** How many keys are remembered at least: those that asked last. */
  readonly maxKeys?: number;
};

type Bucket = { readonly tokens: number; readonly at: number };

const MAX_KEYS = 10_000;

/** How often each of many may ask: a token bucket for every key. One that is forgotten has a full one. */
export class TokenBuckets {
  readonly #limits: BucketLimits;
  readonly #buckets: RecentMap<string, Bucket>;

  constructor({ maxKeys = MAX_KEYS, ...limits }: BucketLimits) {
    this.#limits = limits;
    this.#buckets = new RecentMap(maxKeys);
  }

  /** Whether there is one left, which is gone then. `now`: milliseconds that only go forward. */
  take(key: string, now: number): boolean {
    const { burst, perSecond } = this.#limits;
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
    this.#buckets.set(key, { tokens: filled >= 1 ? filled - 1 : filled, at: now });
    return filled >= 1;
  }
}
