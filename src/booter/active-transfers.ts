import type { Clock } from '../clock.js';

/** How long the last transfers of an ending server may take, in milliseconds. */
export type Patience = {
  readonly grace: number;
  /** The same while nothing is sent to anybody: a client that has stopped reading, or that waits for a registry that is silent. */
  readonly standstill: number;
};

type Transfer = {
  /** How many bytes so far. */
  readonly sent: () => number;
};

/** The transfers under way, so that an ending server can let them finish. */
export class ActiveTransfers {
  readonly #running = new Set<Transfer>();
  #sentByEnded = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#running.size;
  }

  /** Counts a transfer until what it answers is called, once. `sent`: its bytes so far. */
  begin(sent: () => number): () => void {
    const transfer = { sent };
    this.#running.add(transfer);
    return () => {
      this.#running.delete(transfer);
      this.#sentByEnded += sent();
      if (this.#running.size === 0) this.#wake();
    };
  }

  /** Counts the transfer for as long as it runs. */
  async track<T>({ sent, run }: Transfer & { readonly run: () => Promise<T> }): Promise<T> {
    const over = this.begin(sent);
    try {
      return await run();
    } finally {
      over();
    }
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    return this.#running.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.add(resolve));
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
    return [...this.#running].reduce((sum, { sent }) => sum + sent(), this.#sentByEnded);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
