import type { FetchAhead, MappedImages } from './booter/mapped-images.js';
import type { Wait } from './clock.js';

export type UpkeepParts = {
  readonly mapped: Pick<MappedImages, 'resolveAll' | 'fetchAllAhead' | 'prunePlans'>;
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
  #failures = 0;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    const { signal } = this.#ending;
    this.remapped();
    void this.#repeat(signal, () => this.#prune());
    void this.#repeat(signal, () => this.#scrub(signal));
  }

  /** The mapping has changed: what it leads to now is resolved at once. */
  remapped(): void {
    this.#resolving.abort();
    if (this.#ending.signal.aborted) return;
    this.#failures = 0;
    const resolving = new AbortController();
    this.#resolving = resolving;
    void this.#repeat(resolving.signal, () => this.#resolve(resolving.signal));
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

  /** A tag that moved is noticed, too, and its blobs are there when the first machine comes. */
  async #resolve(signal: AbortSignal): Promise<number> {
    const { mapped, fetchAhead, prefetches } = this.#parts;
    const unresolved = await mapped.resolveAll(signal);
    if (prefetches()) await mapped.fetchAllAhead(fetchAhead, signal);
    this.#failures = unresolved.length > 0 ? this.#failures + 1 : 0;
    if (this.#failures === 0) return REST.resolving;
    return Math.min(AFTER_FAILURE.longest, AFTER_FAILURE.first * 2 ** (this.#failures - 1));
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
