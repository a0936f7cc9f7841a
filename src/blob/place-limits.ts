import pLimit from 'p-limit';
import type { BlobSource } from './blob-store.js';

type Limit = ReturnType<typeof pLimit>;

/** How many downloads run at once of each place: one that is stuck must not keep the others waiting. */
export class PlaceLimits {
  readonly #most: number;
  readonly #limits = new Map<string, Limit>();

  constructor(most: number) {
    this.#most = most;
  }

  /** By where it is asked for first: a registry, or all layouts. */
  of([first]: readonly BlobSource[]): Limit {
    const place = first?.name.split('/', 1)[0] ?? '';
    const limit = this.#limits.get(place) ?? pLimit(this.#most);
    this.#limits.set(place, limit);
    return limit;
  }
}
