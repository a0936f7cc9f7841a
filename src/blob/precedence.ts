/**
 * Who may go on: while somebody is first, the others wait. What is downloaded ahead of need waits for what machines are
 * waiting for.
 */
export class Precedence {
  readonly #first = new Set<object>();
  readonly #waiting = new Set<() => void>();

  /** From now on it is first, with others that are. */
  prefer(one: object): void {
    this.#first.add(one);
    this.#wake();
  }

  forget(one: object): void {
    this.#first.delete(one);
    this.#wake();
  }

  isFirst(one: object): boolean {
    return this.#first.has(one);
  }

  /** Resolves when it may go on; when the signal says so, too: whoever asks finds out by itself. */
  async turnOf(one: object, signal: AbortSignal): Promise<void> {
    while (this.#first.size > 0 && !this.#first.has(one) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
