import pLimit from 'p-limit';
import type { EventSink } from '../boot/event.js';
import { BootlayerError } from '../errors.js';
import { type Descriptor, sizedName } from '../oci/descriptor.js';
import { type BlobReader, followingReader, storedReader } from './blob-reader.js';
import type { BlobSource, BlobStore } from './blob-store.js';
import type { Collector } from './collector.js';
import { Doubts } from './doubts.js';
import { Fill, type FillParts } from './fill.js';
import { PlaceLimits } from './place-limits.js';
import { Precedence } from './precedence.js';

export type BlobCacheParts = {
  readonly store: BlobStore;
  readonly events: EventSink;
  readonly clock: {
    /** Milliseconds. */
    now(): number;
  };
  /** Keeps it within its limit. */
  readonly collector?: Pick<Collector, 'makeRoomFor' | 'ended' | 'reserve' | 'free'>;
  /** Between two tries of a source that broke. */
  readonly wait?: FillParts['wait'];
  /** Somebody wants a blob: it is there, its download is under way, or one begins. */
  readonly opened?: (result: 'hit' | 'filling' | 'miss') => void;
  /** So many more bytes were downloaded. */
  readonly received?: (bytes: number) => void;
  /** How many downloads that machines wait for run at once; others wait in line. */
  readonly maxFills?: number;
};

const MAX_FILLS = 16;
/** Of one registry, or of all layouts. */
const MAX_FILLS_OF_A_PLACE = 4;
/** Downloaded ahead of need, at once, and of a place. */
const MAX_AHEAD = 8;
const MAX_AHEAD_OF_A_PLACE = 2;

type Limit = ReturnType<typeof pLimit>;

type Running = {
  readonly fill: Fill;
  readonly ended: Promise<void>;
  /** While it waits: it may also begin as soon as it is a turn of these sources. */
  readonly queue: (sources: readonly BlobSource[]) => void;
};

/** The store, filled on demand: one download per blob however many readers there are. */
export class BlobCache {
  readonly #parts: BlobCacheParts;
  /** Of all, and of each place: one that is stuck must not keep the others waiting. */
  readonly #limit: Limit;
  readonly #places = new PlaceLimits(MAX_FILLS_OF_A_PLACE);
  /** By digest and size: an image that lies is not to have others wait for what never comes, and has a download of its own. */
  readonly #fills = new Map<string, Running>();
  readonly #ahead: Limit = pLimit(MAX_AHEAD);
  readonly #placesAhead = new PlaceLimits(MAX_AHEAD_OF_A_PLACE);
  /** Downloads that machines wait for go before those that nobody does. */
  readonly #precedence = new Precedence();
  readonly #doubts = new Doubts();
  /** How many downloads have ended: one that ended while the store was looked into may have put the blob there. */
  #ended = 0;
  readonly #closing = new AbortController();

  constructor(parts: BlobCacheParts) {
    this.#parts = parts;
    this.#limit = pLimit(parts.maxFills ?? MAX_FILLS);
  }

  /**
   * A reader on the stored blob, or on its download, which from now on may come from these sources, too. Throws
   * DIGEST_MISMATCH, DATA_UNUSABLE, BLOB_UNAVAILABLE.
   */
  open(descriptor: Descriptor, sources: readonly BlobSource[]): Promise<BlobReader> {
    return this.#open(descriptor, sources, this.#parts.opened);
  }

  async #open(
    descriptor: Descriptor,
    sources: readonly BlobSource[],
    opened?: BlobCacheParts['opened'],
  ): Promise<BlobReader> {
    for (;;) {
      const running = this.#fills.get(sizedName(descriptor));
      if (running?.fill.growing) {
        this.#precedence.prefer(running.fill);
        running.fill.offer(this.#doubts.inOrder(descriptor.digest, sources).sources);
        running.queue(sources);
        opened?.('filling');
        return followingReader(running.fill);
      }
      await running?.ended;
      const endedBefore = this.#ended;
      const stored = await this.#parts.store
        .open(descriptor, this.#closing.signal)
        .catch((thrown) => this.#unlessClosed(thrown));
      if (stored !== undefined) {
        opened?.('hit');
        return storedReader(stored, descriptor.size);
      }
      const isNews = this.#fills.has(sizedName(descriptor)) || this.#ended !== endedBefore;
      if (isNews) continue;
      const fill = this.#start(descriptor, sources);
      opened?.('miss');
      return followingReader(fill);
    }
  }

  /**
   * Downloads the blob ahead of need unless it is there: a few at once, only where nothing must go for it, and with pauses
   * while machines wait for others. Not begun any more after the signal. Resolves when it is over, however it went; that is
   * told as events.
   */
  async fetchAhead(descriptor: Descriptor, sources: readonly BlobSource[], signal: AbortSignal): Promise<void> {
    const begin = () => this.#fetchNow(descriptor, sources, signal);
    await this.#placesAhead.of(sources)(() => this.#ahead(begin));
  }

  async #fetchNow(descriptor: Descriptor, sources: readonly BlobSource[], signal: AbortSignal): Promise<void> {
    if (signal.aborted || !this.#mayBegin(descriptor)) return;
    const { store, collector } = this.#parts;
    // One whose size is a lie is told of when a machine wants it.
    const stored = await store.open(descriptor, this.#closing.signal).catch(() => undefined);
    await stored?.close();
    if (stored !== undefined || (await collector?.reserve(descriptor)) === false) return;
    // Else a machine's download of the same keeps the room.
    if (!this.#mayBegin(descriptor)) return;
    const fill = this.#newFill(descriptor, sources);
    await this.#track({ fill, ended: fill.run(), queue: () => undefined });
  }

  /** Downloads the blob unless it is there, for whoever comes. How it goes is told as events. */
  prefetch(descriptor: Descriptor, sources: readonly BlobSource[]): void {
    this.#open(descriptor, sources)
      .then((reader) => reader.close())
      .catch((thrown: unknown) => this.#tellLie(descriptor, sources, BootlayerError.from(thrown)));
  }

  /** A download's failure is told by the download; that there is none to come is told here. */
  #tellLie({ digest }: Descriptor, [source]: readonly BlobSource[], { code, message: reason }: BootlayerError): void {
    if (code !== 'DIGEST_MISMATCH') return;
    this.#parts.events({
      event: 'fill.failed',
      digest,
      source: source?.name ?? '',
      bytes: 0,
      seconds: 0,
      code,
      reason,
    });
  }

  /** Gives up all downloads and waits until they have cleaned up. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the server ends'));
    const all = [...this.#fills.values()];
    for (const { fill } of all) fill.abort();
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #run(fill: Fill): Promise<void> {
    await this.#parts.collector?.makeRoomFor(fill.descriptor);
    await fill.run();
  }

  #unlessClosed(thrown: unknown): never {
    throw this.#closing.signal.aborted ? ended() : thrown;
  }

  #mayBegin(descriptor: Descriptor): boolean {
    return !this.#closing.signal.aborted && !this.#fills.has(sizedName(descriptor));
  }

  #start(descriptor: Descriptor, sources: readonly BlobSource[]): Fill {
    if (this.#closing.signal.aborted) throw ended();
    const fill = this.#newFill(descriptor, sources);
    this.#precedence.prefer(fill);
    const running = this.#inLine(fill);
    void this.#track(running);
    running.queue(sources);
    return fill;
  }

  /** Begun when it is its turn at any of the places where it is queued, once. */
  #inLine(fill: Fill): Running {
    const lines = new Set<Limit>();
    let isBegun = false;
    let begin: (run: Promise<void>) => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const run = async () => {
      if (isBegun) return;
      isBegun = true;
      const running = this.#run(fill);
      begin(running);
      await running;
    };
    const queue = (sources: readonly BlobSource[]) => {
      const line = this.#places.of(sources);
      if (isBegun || lines.has(line)) return;
      lines.add(line);
      void line(() => this.#limit(run));
    };
    return { fill, ended, queue };
  }

  #newFill(descriptor: Descriptor, sources: readonly BlobSource[]): Fill {
    const { store, events, clock, wait, collector, received } = this.#parts;
    const fill: Fill = new Fill(descriptor, {
      store,
      ...this.#doubts.inOrder(descriptor.digest, sources),
      events,
      now: () => clock.now(),
      turn: (signal) => this.#precedence.turnOf(fill, signal),
      // For what nobody waits for, nothing goes.
      makeRoom: async (bytes) => (this.#precedence.isFirst(fill) ? (collector?.free(bytes) ?? 0) : 0),
      ...(wait !== undefined && { wait }),
      ...(received !== undefined && { received }),
    });
    return fill;
  }

  #track(running: Running): Promise<void> {
    const { fill } = running;
    const key = sizedName(fill.descriptor);
    const { digest } = fill.descriptor;
    const ended = running.ended.finally(() => {
      this.#ended += 1;
      this.#fills.delete(key);
      this.#parts.collector?.ended(digest);
      this.#precedence.forget(fill);
      if (fill.failure === undefined) this.#doubts.clear(digest);
      else if (fill.liars.length > 0) this.#doubts.blame(digest, fill.liars);
    });
    this.#fills.set(key, { ...running, ended });
    return ended;
  }
}

function ended(): BootlayerError {
  return new BootlayerError('BLOB_UNAVAILABLE', 'the server ends');
}
