import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What becomes of datagrams on their way, by the dice: one of so many is lost, comes twice, or comes after those behind it. Counted, so
 * that the report says what was done to the server.
 * @typedef {{ lost: number, doubled: number, late: number }} Blows
 */

/** One of so many; 0 for none. */
const SHARES = { lost: 40, doubled: 40, late: 40 };
/** Less than the pause of a machine before it asks for its kernel: what comes behind that would be another boot, and rightly so. */
export const LATEST_MILLISECONDS = 40;

export class Weather {
  #dice;
  /** @type {Blows} */
  blows = { lost: 0, doubled: 0, late: 0 };

  /** @param {import('../full/dice.js').Dice} dice */
  constructor(dice) {
    this.#dice = dice;
  }

  /** `pass`: hands the datagram on. @param {() => void} pass */
  through(pass) {
    if (this.#strikes('lost')) return;
    if (this.#strikes('late')) {
      void sleep(1 + this.#dice.below(LATEST_MILLISECONDS)).then(pass);
      return;
    }
    pass();
    if (this.#strikes('doubled')) pass();
  }

  /** @param {keyof Blows} blow */
  #strikes(blow) {
    if (this.#dice.below(SHARES[blow]) !== 0) return false;
    this.blows[blow] += 1;
    return true;
  }
}
