import type { Clock } from '../clock.js';
import { placeOfLocation } from '../oci/reference.js';

/** For so long nobody waits for a place again. */
const SLOW_MILLISECONDS = 60_000;
/** Who was patient for less says nothing of the place. */
const LEAST_PATIENCE_MILLISECONDS = 1_000;
/** What is under way meanwhile, for who asks later. */
const MOST_UNDER_WAY = 4;

/** Where layers were waited for in vain: one that hangs is to cost its time once, and not for each of its images. */
export class SlowPlaces {
  readonly #clock: Pick<Clock, 'ticks'>;
  /** Until when, in ticks; never more of them than mappings name. */
  readonly #until = new Map<string, number>();
  readonly #underWay = new Map<string, number>();

  constructor(clock: Pick<Clock, 'ticks'>) {
    this.#clock = clock;
  }

  isSlow(location: string): boolean {
    const place = placeOfLocation(location);
    const until = this.#until.get(place);
    if (until === undefined) return false;
    if (this.#clock.ticks() < until) return true;
    this.#until.delete(place);
    return false;
  }

  /** Whether one more reading may be begun there. */
  mayBegin(location: string): boolean {
    return !this.isSlow(location) || this.#countAt(placeOfLocation(location)) < MOST_UNDER_WAY;
  }

  /** Somebody has waited for so many milliseconds, in vain. */
  waitedInVain(location: string, patience: number): void {
    if (patience < LEAST_PATIENCE_MILLISECONDS) return;
    this.#until.set(placeOfLocation(location), this.#clock.ticks() + SLOW_MILLISECONDS);
  }

  /** Counts the reading while it lasts. One that is quick says that the place is slow no more; what failed says nothing. */
  async counted<T>(location: string, reading: Promise<T | undefined>): Promise<T | undefined> {
    const place = placeOfLocation(location);
    const began = this.#clock.ticks();
    this.#underWay.set(place, this.#countAt(place) + 1);
    try {
      const read = await reading;
      if (read !== undefined && this.#clock.ticks() - began < LEAST_PATIENCE_MILLISECONDS) this.#until.delete(place);
      return read;
    } finally {
      const left = this.#countAt(place) - 1;
      if (left > 0) this.#underWay.set(place, left);
      else this.#underWay.delete(place);
    }
  }

  #countAt(place: string): number {
    return this.#underWay.get(place) ?? 0;
  }
}
