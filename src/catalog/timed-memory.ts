import NodeCache from 'node-cache';
import type { Clock } from '../clock.js';

/** By which the time of day was set rather than led (adjtime(2)). */
const LEAST_STEP_MILLISECONDS = 1_000;

/** What counts for so many seconds. What does not fit is not remembered, and so asked for each time. */
export class TimedMemory<T> {
  readonly #kept: NodeCache;
  readonly #most: number;
  readonly #clock: Pick<Clock, 'now' | 'ticks'>;
  /** How far the time of day is ahead of the ticks. */
  #ahead: number;

  constructor(most: number, clock: Pick<Clock, 'now' | 'ticks'>) {
    this.#kept = new NodeCache({ useClones: false, maxKeys: most });
    this.#most = most;
    this.#clock = clock;
    this.#ahead = clock.now() - clock.ticks();
  }

  get(name: string): T | undefined {
    this.#forgetWhenSetBack();
    return this.#kept.get<T>(nameOf(name));
  }

  /** node-cache throws when it is full. */
  set(name: string, value: T, seconds: number): void {
    if (this.#kept.getStats().keys < this.#most) this.#kept.set(nameOf(name), value, seconds);
  }

  close(): void {
    this.#kept.close();
  }

  /** node-cache goes by the time of day: were that set back, an hour's meaning of a tag would count for an hour more. */
  #forgetWhenSetBack(): void {
    const ahead = this.#clock.now() - this.#clock.ticks();
    if (ahead < this.#ahead - LEAST_STEP_MILLISECONDS) this.#kept.flushAll();
    this.#ahead = ahead;
  }
}

/** Prefixed, since node-cache keeps its keys in a plain object. */
function nameOf(name: string): string {
  return `r|${name}`;
}
