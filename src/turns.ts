import { BootlayerError } from './errors.js';

export type TurnsParts = {
  /** What takes turns, for people: `changes`. */
  readonly what: string;
  /** So many may be there, with the one whose turn it is. */
  readonly most: number;
};

/** Work that is done one after the other, in the order in which it comes. */
export class Turns {
  readonly #parts: TurnsParts;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** Rejects as the work does, and with RATE_LIMITED at once when far too much waits already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const { what, most } = this.#parts;
    if (this.#waiting >= most) {
      throw new BootlayerError('RATE_LIMITED', `${most} ${what} wait already`, {
        remedy: 'try again in a second, one after the other',
      });
    }
    this.#waiting += 1;
    const turn = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
