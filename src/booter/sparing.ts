type Count = { readonly since: number; readonly told: number };

const MAX_KEYS = 1_000;

/** What anybody on the network can cause is not told without end: so many times for each key within so many milliseconds. */
export class Sparing {
  readonly #limit: number;
  readonly #milliseconds: number;
  readonly #now: () => number;
  /** In the order of their beginning. */
  readonly #counts = new Map<string, Count>();

  constructor(limit: number, milliseconds: number, now: () => number) {
    this.#limit = limit;
    this.#milliseconds = milliseconds;
    this.#now = now;
  }

  /** Asked once for each time that it would be told. */
  allows(key: string): boolean {
    const now = this.#now();
    const known = this.#counts.get(key);
    if (known === undefined || now - known.since >= this.#milliseconds) return this.#begin(key, now);
    if (known.told >= this.#limit) return false;
    this.#counts.set(key, { ...known, told: known.told + 1 });
    return true;
  }

  /** With so many keys at once that some are forgotten, they are told again. */
  #begin(key: string, since: number): boolean {
    this.#counts.delete(key);
    this.#counts.set(key, { since, told: 1 });
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_KEYS && oldest !== undefined) this.#counts.delete(oldest);
    return true;
  }
}
