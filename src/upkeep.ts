import type { FetchAhead, MappedImages } from './booter/mapped-images.js';
import type { Wait } from './clock.js';

export type UpkeepParts = {
  readonly mapped: Pick<MappedImages, 'places' | 'resolvePlace' | 'fetchAhead' | 'prunePlans'>;
  readonly scrubber: { pass(signal: AbortSignal): Promise<number> };
  readonly fetchAhead: FetchAhead;
  /** `cache.prefetch`, of the configuration in force. */
  readonly prefetches: () => boolean;
  readonly wait: Wait;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long each chore rests. Registries count how often they are asked (Docker Hub: 100 manifests in six hours). */
const REST = { resolving: 6 * HOUR, pruning: HOUR, scrubbing: 24 * HOUR } as const;
/** Doubled with each failure that follows, up to the second. */
const AFTER_FAILURE = { first: 5 * MINUTE, longest: HOUR } as const;

/** What is done beside the machines' requests and for their sake. A chore that fails is tried again: its parts tell of it. */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #ending = new AbortController();
  #resolving = new AbortController();

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    const { signal } = this.#ending;
    this.remapped();
    void this.#repeat(signal, () => this.#prune());
    void this.#repeat(signal, () => this.#scrub(signal));
  }

  /** The mapping has changed: what it leads to now is resolved at once, each place by itself: some may be slow, or down. */
  remapped(): void {
    this.#resolving.abort();
    if (this.#ending.signal.aborted) return;
    this.#resolving = new AbortController();
    const { signal } = this.#resolving;
    for (const place of this.#parts.mapped.places()) {
      let failures = 0;
      void this.#repeat(signal, async () => {
        failures = (await this.#resolve(place, signal)) ? 0 : failures + 1;
        if (failures === 0) return REST.resolving;
        return Math.min(AFTER_FAILURE.longest, AFTER_FAILURE.first * 2 ** (failures - 1));
      });
    }
  }

  stop(): void {
    this.#ending.abort();
    this.#resolving.abort();
  }

  /** `chore` answers for how long it may rest. */
  async #repeat(signal: AbortSignal, chore: () => Promise<number>): Promise<void> {
    while (!signal.aborted) {
      const rest = await chore().catch(() => AFTER_FAILURE.longest);
      await this.#parts.wait(rest, signal).catch(() => undefined);
    }
  }

  /**
   * A tag that moved is noticed, too, and its blobs are there when the first machine comes. Answers whether all could be
   * resolved.
   */
  async #resolve(place: string, signal: AbortSignal): Promise<boolean> {
    const { mapped, fetchAhead, prefetches } = this.#parts;
    const unresolved = await mapped.resolvePlace(place, signal);
    if (prefetches()) await mapped.fetchAhead(place, fetchAhead, signal);
    return unresolved.length === 0;
  }

  async #prune(): Promise<number> {
    await this.#parts.mapped.prunePlans();
    return REST.pruning;
  }

  async #scrub(signal: AbortSignal): Promise<number> {
    const damaged = await this.#parts.scrubber.pass(signal);
    if (damaged > 0) this.remapped();
    return REST.scrubbing;
  }
}
