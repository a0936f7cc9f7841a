import { RecentMap } from '../recent-map.js';

type Count = { readonly since: number; readonly told: number };

/** Are remembered at least. */
const KEYS = 1_000;

/**
 * What anybody on the network can cause is not told without end: so many times for each key within so many
 * milliseconds. With so many keys at once that some are forgotten, those are told again.
 */
export class Sparing {
  readonly #limit: number;
  readonly #milliseconds: number;
  readonly #now: () => number;
  readonly #counts = new RecentMap<string, Count>(KEYS);

  constructor(limit: number, milliseconds: number, now: () => number) {
    this.#limit = limit;
    this.#milliseconds = milliseconds;
    this.#now = now;
  }

  /** Asked once for each time that it would be told. */
  allows(key: string): boolean {
    const now = this.#now();
    const known = this.#known(key, now);
    if (known === undefined) {
      this.#counts.set(key, { since: now, told: 1 });
      return true;
    }
    if (known.told >= this.#limit) return false;
    this.#counts.set(key, { since: known.since, told: known.told + 1 });
    return true;
  }

  /** Whether it would not be allowed now, without being counted. */
  isSpent(key: string): boolean {
    return (this.#known(key, this.#now())?.told ?? 0) >= this.#limit;
  }

  #known(key: string, now: number): Count | undefined {
    const known = this.#counts.get(key);
    return known !== undefined && now - known.since < this.#milliseconds ? known : undefined;
  }
}
