import pLimit from 'p-limit';
import type { EventSink } from '../boot/event.js';
import { type Wait, waitFor } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { BlobStore, Holding } from './blob-store.js';
import { bytesIn, chooseEvicted } from './eviction.js';

export type CollectorParts = {
  readonly store: BlobStore;
  /** What must stay; undefined while nobody knows it yet, and then everything stays. */
  readonly pins: () => Promise<ReadonlySet<Digest> | undefined>;
  /** How many bytes blobs and kept parts may have; undefined for as many as there is room for. */
  readonly limit: () => number | undefined;
  readonly events: EventSink;
  readonly wait?: Wait;
};

type Sized = Pick<Descriptor, 'digest' | 'size'>;

/** Keeps the cache within its limit. One at a time: two would make the same room twice. */
export class Collector {
  readonly #parts: CollectorParts;
  readonly #turn = pLimit(1);
  /** What is on its way, and will need its whole size. */
  readonly #coming = new Map<Digest, number>();
  #isOver = false;
  #isShort = false;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  /** So that a blob that comes fits within the limit, until it `ended`. Never rejects: a cache that is too large still boots machines. */
  async makeRoomFor({ digest, size }: Sized): Promise<void> {
    this.#coming.set(digest, size);
    const limit = this.#parts.limit();
    if (limit === undefined) return;
    await this.#turn(async () => {
      const { holdings, pinned } = await this.#state();
      if (pinned === undefined) return;
      const { evicted, over } = chooseEvicted(holdings, pinned, limit - this.#comingBytes());
      await this.#remove(evicted, 'room');
      // Told when it begins, not for every blob that comes.
      if (over > 0 && !this.#isOver) this.#parts.events({ event: 'cache.over', bytes: over });
      this.#isOver = over > 0;
    });
  }

  /** It is there now, or will not come. */
  ended(digest: Digest): void {
    this.#coming.delete(digest);
  }

  /** Keeps room for it, if it can come without that anything must go and leaves the disk some; whether it can. */
  async reserve({ digest, size }: Sized): Promise<boolean> {
    return this.#turn(async () => {
      const limit = this.#parts.limit();
      const room = await this.#parts.store.room().catch(() => 0);
      const held = limit === undefined ? 0 : bytesIn((await this.#state()).holdings);
      const coming = size + this.#comingBytes();
      const isShort = room < coming || held + coming > (limit ?? Number.POSITIVE_INFINITY);
      // Told when it begins, not for every blob.
      if (isShort && !this.#isShort) this.#parts.events({ event: 'cache.short', bytes: size });
      this.#isShort = isShort;
      if (!isShort) this.#coming.set(digest, size);
      return !isShort;
    });
  }

  /**
   * The disk is full: so many bytes go, whatever the limit, as far as they may: first what is kept of broken downloads.
   * Answers how many went. While nobody knows what must stay, which is so for a moment after each reload, it waits for a while:
   * the download would be lost. Never rejects.
   */
  async free(bytes: number): Promise<number> {
    for (let tries = 0; tries < PINS_TRIES; tries++) {
      const freed = await this.#freeNow(bytes);
      if (freed !== undefined) return freed;
      await (this.#parts.wait ?? waitFor)(PINS_TRY_MILLISECONDS, undefined);
    }
    return 0;
  }

  /** undefined: nothing went, since nobody knows what may. */
  async #freeNow(bytes: number): Promise<number | undefined> {
    return this.#turn(async () => {
      const { holdings, pinned } = await this.#state();
      const parts = holdings.filter(({ isPart }) => isPart);
      const freed = await this.#remove(parts, 'room');
      if (freed >= bytes) return freed;
      if (pinned === undefined) return freed > 0 ? freed : undefined;
      const blobs = holdings.filter(({ isPart }) => !isPart);
      const { evicted } = chooseEvicted(blobs, pinned, bytesIn(blobs) - (bytes - freed));
      return freed + (await this.#remove(evicted, 'room'));
    });
  }

  /**
   * Everything goes that may, or, with `dryRun`, would go; answers what that is. Throws BLOB_UNAVAILABLE while nobody knows
   * what must stay.
   */
  async collect({ dryRun }: { readonly dryRun: boolean }): Promise<readonly Holding[]> {
    return this.#turn(async () => {
      const { holdings, pinned } = await this.#state();
      if (pinned === undefined) {
        throw new BootlayerError('BLOB_UNAVAILABLE', 'what the mappings lead to is still being resolved', {
          remedy: 'try again in a moment',
        });
      }
      const { evicted } = chooseEvicted(holdings, pinned, 0);
      if (!dryRun) await this.#remove(evicted, 'unneeded');
      return evicted;
    });
  }

  #comingBytes(): number {
    return [...this.#coming.values()].reduce((sum, size) => sum + size, 0);
  }

  /** Without what is on its way: it is counted with its whole size, and what is kept of it is about to be used. */
  async #state(): Promise<{ readonly holdings: readonly Holding[]; readonly pinned: ReadonlySet<Digest> | undefined }> {
    const { store, pins } = this.#parts;
    const [holdings, pinned] = await Promise.all([store.holdings().catch(() => []), pins().catch(() => undefined)]);
    return { holdings: holdings.filter(({ digest }) => !this.#coming.has(digest)), pinned };
  }

  async #remove(holdings: readonly Holding[], why: 'room' | 'unneeded'): Promise<number> {
    const { store, events } = this.#parts;
    let freed = 0;
    for (const { digest, size: bytes, isPart } of holdings) {
      const removed = isPart ? store.deletePart(digest) : store.delete(digest);
      if (!(await removed.catch(() => false))) continue;
      freed += bytes;
      events({ event: 'blob.evicted', digest, bytes, why });
    }
    return freed;
  }
}

const PINS_TRY_MILLISECONDS = 100;
const PINS_TRIES = 50;
