import type { KeptClock } from './ports.js';

export type LeaseClockParts = {
  /** Which start of the system this is. */
  readonly boot: string;
  /** Milliseconds since then, which only go forward. */
  readonly uptime: () => number;
  /** Milliseconds since the epoch, as far as anybody knows. */
  readonly timeOfDay: () => number;
};

/** A clock that is wrong by less is as good as right. */
const DRIFT_MILLISECONDS = 1_000;
/** Kept anew so often, where nothing has happened to the time of day: so much later leases end where that cannot be believed. */
const KEPT_MILLISECONDS = 10 * 60_000;

/**
 * Where the clock begins when this program starts. A lease that ends too early gives one address to two machines; one that ends
 * late keeps an address a while from others. So:
 *
 * - In the same start of the system it goes on: neither a change of the time of day nor a restart of ours moves it.
 * - After another start, the time of day says how long the system was down, but for as much as it has ever been ahead. Where it
 *   was set back, or is of 1970 since a battery is dead, nothing has passed, and leases end later by as much as it was down.
 * - Never before what leases tell to have happened (`newest`), which is all there is where the clock itself was lost.
 *
 * A time of day that was put ahead while the system was down cannot be told from a long rest; those addresses are probed.
 * Pure but for reading its clocks.
 */
export function startOfClock(parts: LeaseClockParts, kept: KeptClock | undefined, newest: number): LeaseClock {
  const { boot, uptime, timeOfDay } = parts;
  const goesOn = kept !== undefined && kept.boot === boot && kept.offset + uptime() >= kept.at;
  if (goesOn) return new LeaseClock(parts, kept);
  const at = Math.max(newest, kept?.at ?? 0, timeOfDay() - (kept?.ahead ?? 0));
  return new LeaseClock(parts, { boot, offset: at - uptime(), at: Number.NEGATIVE_INFINITY, ahead: kept?.ahead ?? 0 });
}

/** The time by which leases end: milliseconds that only go forward, and of which people are told as of the time of day. */
export class LeaseClock {
  readonly #parts: LeaseClockParts;
  readonly #offset: number;
  #kept: KeptClock;

  constructor(parts: LeaseClockParts, kept: KeptClock) {
    this.#parts = parts;
    this.#offset = kept.offset;
    this.#kept = kept;
  }

  now(): number {
    return Math.floor(this.#offset + this.#parts.uptime());
  }

  /** A moment of this clock as of the time of day of now, which may be set any time: milliseconds since the epoch. */
  toEpoch(moment: number): number {
    return moment + this.#ahead();
  }

  fromEpoch(milliseconds: number): number {
    return milliseconds - this.#ahead();
  }

  /** What is to be kept of it now: undefined where what is kept does. */
  due(): KeptClock | undefined {
    const { boot, offset, at, ahead } = this.#kept;
    const next = { boot, offset, at: this.now(), ahead: Math.max(ahead, this.#ahead()) };
    return next.ahead - ahead < DRIFT_MILLISECONDS && next.at - at < KEPT_MILLISECONDS ? undefined : next;
  }

  /** It is kept. */
  kept(kept: KeptClock): void {
    this.#kept = kept;
  }

  #ahead(): number {
    return this.#parts.timeOfDay() - this.now();
  }
}
