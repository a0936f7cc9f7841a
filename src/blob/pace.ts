/** A source slower than this is given up, so that one that trickles does not keep a place in line for ever. */
const WINDOW_MILLISECONDS = 60_000;
const LEAST_BYTES = 64 * 1024;

/** Whether a download makes headway, asked with every piece that arrives. */
export class Pace {
  readonly #now: () => number;
  #windowEnds: number;
  #received = 0;

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#windowEnds = now() + WINDOW_MILLISECONDS;
  }

  isTooSlow(bytes: number): boolean {
    this.#received += bytes;
    if (this.#now() < this.#windowEnds) return false;
    const isTooSlow = this.#received < LEAST_BYTES;
    this.#received = 0;
    this.#windowEnds = this.#now() + WINDOW_MILLISECONDS;
    return isTooSlow;
  }
}
