/** The transfers under way, so that an ending server can let them finish. */
export class ActiveTransfers {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  /** Counts the transfer for as long as it runs. */
  async track<T>(transfer: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await transfer();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#wake();
    }
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
