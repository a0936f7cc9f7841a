import type { Clock } from '../clock.js';

/** How long the last transfers of an ending server may take, in milliseconds. */
export type Patience = {
  readonly grace: number;
  /** The same while nothing is sent to anybody: a client that has stopped reading, or that waits for a registry that is silent. */
  readonly standstill: number;
};

/** The transfers under way, so that an ending server can let them finish. */
export class ActiveTransfers {
  /** How many bytes each has sent so far. */
  readonly #sent = new Set<() => number>();
  #sentByEnded = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#sent.size;
  }

  /** Counts the transfer for as long as it runs. */
  async track<T>({ sent, run }: { readonly sent: () => number; readonly run: () => Promise<T> }): Promise<T> {
    this.#sent.add(sent);
    try {
      return await run();
    } finally {
      this.#sent.delete(sent);
      this.#sentByEnded += sent();
      if (this.#sent.size === 0) this.#wake();
    }
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    return this.#sent.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Resolves when none is under way, or none is worth waiting for any more. */
  async settled({ grace, standstill }: Patience, clock: Pick<Clock, 'within'>): Promise<void> {
    let before: number | undefined;
    for (let left = grace; left > 0 && before !== this.#allSent(); left -= standstill) {
      before = this.#allSent();
      const outcome = await clock.within(Math.min(left, standstill), this.idle());
      if (outcome.kind === 'done') return;
    }
  }

  #allSent(): number {
    return [...this.#sent].reduce((sum, sent) => sum + sent(), this.#sentByEnded);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
