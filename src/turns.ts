import { BootlayerError } from './errors.js';

const MOST_WAITING = 1_000;

/** Work that is done one after the other, in the order in which it comes. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Rejects as the work does, and at once when far too much waits already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MOST_WAITING) {
      throw new BootlayerError('DATA_UNUSABLE', `${MOST_WAITING} changes wait already`, { remedy: 'try again later' });
    }
    this.#waiting += 1;
    const turn = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
