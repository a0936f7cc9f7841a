import type { EventSink } from './boot/event.js';
import type { FetchAhead, MappedImages } from './booter/mapped-images.js';
import type { Wait } from './clock.js';
import { BootlayerError } from './errors.js';

export type UpkeepParts = {
  readonly mapped: Pick<MappedImages, 'places' | 'resolvePlace' | 'fetchAhead' | 'prunePlans'>;
  /** What is kept of machines. */
  readonly records: readonly { prune(): Promise<number> }[];
  readonly scrubber: { pass(signal: AbortSignal): Promise<number> };
  readonly fetchAhead: FetchAhead;
  /** `cache.prefetch`, of the configuration in force. */
  readonly prefetches: () => boolean;
  readonly wait: Wait;
  readonly events: EventSink;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long each chore rests. Registries count how often they are asked (Docker Hub: 100 manifests in six hours). */
const REST = { resolving: 6 * HOUR, pruning: HOUR, scrubbing: 24 * HOUR } as const;
/** Doubled with each failure that follows, up to the second. */
const AFTER_FAILURE = { first: 5 * MINUTE, longest: HOUR } as const;

const SOON_MILLISECONDS = 2_000;

/** What is done beside the machines' requests and for their sake. A chore that fails is told of, and tried again. */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #ending = new AbortController();
  #resolving = new AbortController();
  /** Whether there are changes that wait to be resolved. */
  #isSoon = false;
  /** What touches the state and the cache by itself. */
  #chores: readonly Promise<void>[] = [];

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    const { signal } = this.#ending;
    this.remapped();
    this.#chores = [
      this.#repeat('forgetting plans and boots that are over', signal, () => this.#prune()),
      this.#repeat('reading the cache again', signal, () => this.#scrub(signal)),
    ];
  }

  /** The mapping has changed: what it leads to now is resolved at once, each place by itself: some may be slow, or down. */
  remapped(): void {
    this.#isSoon = false;
    this.#resolving.abort();
    if (this.#ending.signal.aborted) return;
    this.#resolving = new AbortController();
    const { signal } = this.#resolving;
    for (const place of this.#parts.mapped.places()) {
      let failures = 0;
      void this.#repeat(`resolving what is mapped of ${place}`, signal, async () => {
        failures = (await this.#resolve(place, signal)) ? 0 : failures + 1;
        if (failures === 0) return REST.resolving;
        return Math.min(AFTER_FAILURE.longest, AFTER_FAILURE.first * 2 ** (failures - 1));
      });
    }
  }

  /** The same after a while, once for all changes that come until then: one by one they may be thousands. */
  remappedSoon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    const { signal } = this.#ending;
    const remapped = () => {
      // All of it may have been done in the meantime.
      if (this.#isSoon) this.remapped();
    };
    void this.#parts.wait(SOON_MILLISECONDS, signal).then(remapped, () => undefined);
  }

  /** Registries that are being asked are not waited for: whoever closes their client ends that. */
  async stop(): Promise<void> {
    this.#ending.abort();
    this.#resolving.abort();
    await Promise.all(this.#chores);
  }

  /** `chore` answers for how long it may rest. */
  async #repeat(doing: string, signal: AbortSignal, chore: () => Promise<number>): Promise<void> {
    while (!signal.aborted) {
      const rest = await chore().catch((thrown: unknown) => this.#failed(doing, thrown, signal));
      await this.#parts.wait(rest, signal).catch(() => undefined);
    }
  }

  #failed(doing: string, thrown: unknown, { aborted }: AbortSignal): number {
    const { message: reason } = BootlayerError.from(thrown);
    if (!aborted) this.#parts.events({ event: 'upkeep.failed', doing, reason });
    return AFTER_FAILURE.longest;
  }

  /**
   * A tag that moved is noticed, too, and its blobs are there when the first machine comes. Answers whether all could be
   * resolved.
   */
  async #resolve(place: string, signal: AbortSignal): Promise<boolean> {
    const { missing, failed } = await this.#parts.mapped.resolvePlace(place, signal);
    await this.#fetchAhead(place, signal);
    return missing.length === 0 && failed.size === 0;
  }

  async #fetchAhead(place: string, signal: AbortSignal): Promise<void> {
    const { mapped, fetchAhead, prefetches } = this.#parts;
    if (prefetches()) await mapped.fetchAhead(place, fetchAhead, signal);
  }

  async #prune(): Promise<number> {
    await this.#parts.mapped.prunePlans();
    for (const one of this.#parts.records) await one.prune();
    return REST.pruning;
  }

  async #scrub(signal: AbortSignal): Promise<number> {
    if ((await this.#parts.scrubber.pass(signal)) > 0) void this.#fetchAgain(signal);
    return REST.scrubbing;
  }

  /** Nobody is asked anew what is mapped: the same bytes are to come again. */
  async #fetchAgain(signal: AbortSignal): Promise<void> {
    try {
      await Promise.all(this.#parts.mapped.places().map((place) => this.#fetchAhead(place, signal)));
    } catch (thrown) {
      this.#failed('downloading what was damaged', thrown, signal);
    }
  }
}
