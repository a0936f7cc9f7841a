import { randomInt } from 'node:crypto';

export type BucketLimits = {
  /** So many at once, and then so many a second. */
  readonly burst: number;
  readonly perSecond: number;
  /** How many places there are for buckets, rounded up to a power of two. */
  readonly places?: number;
};

const PLACES = 32_768;
/** Of FNV-1a, 32 bits wide, and another odd one. */
const PRIMES = { place: 16_777_619, mark: 2_246_822_519 } as const;

/**
 * How often each of many may ask: a token bucket for every key. A table of a fixed size, since a flood has a new key each time:
 * each key has one place, by a hash with a seed of its own, and whoever comes to a place that is another's has a full
 * bucket there, as the other will have again.
 */
export class TokenBuckets {
  readonly #burst: number;
  readonly #perMillisecond: number;
  readonly #seed = randomInt(2 ** 32);
  readonly #mask: number;
  /** Whose bucket is at each place: another hash of its key, never 0. */
  readonly #marks: Uint32Array;
  readonly #tokens: Float64Array;
  /** When the tokens were counted. */
  readonly #at: Float64Array;

  constructor({ burst, perSecond, places = PLACES }: BucketLimits) {
    this.#burst = burst;
    this.#perMillisecond = perSecond / 1000;
    const size = 2 ** Math.ceil(Math.log2(places));
    this.#mask = size - 1;
    this.#marks = new Uint32Array(size);
    this.#tokens = new Float64Array(size);
    this.#at = new Float64Array(size);
  }

  /** Whether there is one left, which is gone then. `now`: milliseconds that only go forward. */
  take(key: string, now: number): boolean {
    const { place, mark } = this.#whereIs(key);
    const filled = this.#filledAt(place, mark, now);
    this.#marks[place] = mark;
    this.#tokens[place] = filled >= 1 ? filled - 1 : filled;
    this.#at[place] = now;
    return filled >= 1;
  }

  /** Whether there is one left, which stays. */
  has(key: string, now: number): boolean {
    const { place, mark } = this.#whereIs(key);
    return this.#filledAt(place, mark, now) >= 1;
  }

  #whereIs(key: string): { readonly place: number; readonly mark: number } {
    let place = this.#seed;
    let mark = this.#seed;
    for (let at = 0; at < key.length; at += 1) {
      const unit = key.charCodeAt(at);
      place = Math.imul(place ^ unit, PRIMES.place);
      mark = Math.imul(mark + unit, PRIMES.mark) ^ (mark >>> 13);
    }
    return { place: (place ^ (place >>> 15)) & this.#mask, mark: mark >>> 0 || 1 };
  }

  #filledAt(place: number, mark: number, now: number): number {
    const isKnown = this.#marks[place] === mark;
    const [tokens = 0, at = 0] = isKnown ? [this.#tokens[place], this.#at[place]] : [this.#burst, now];
    return Math.min(this.#burst, tokens + (now - at) * this.#perMillisecond);
  }
}
