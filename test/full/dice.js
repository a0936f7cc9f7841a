/** Whole numbers from 0 to below `limit`, the same for the same seed (xorshift). */
export class Dice {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1;
  }

  /** @param {number} limit */
  below(limit) {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  /** @template T @param {readonly T[]} all @returns {T} */
  one(all) {
    return /** @type {T} */ (all[this.below(all.length)]);
  }

  /** @param {number} length */
  bytes(length) {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
