import pLimit from 'p-limit';
import type { EventSink } from '../boot/event.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { BlobStore } from './blob-store.js';
import { chooseEvicted } from './eviction.js';

export type CollectorParts = {
  readonly store: BlobStore;
  /** What must stay; undefined while nobody knows it yet, and then everything stays. */
  readonly pins: () => Promise<ReadonlySet<Digest> | undefined>;
  /** How many bytes the blobs may have; undefined for as many as there is room for. */
  readonly limit: () => number | undefined;
  readonly events: EventSink;
};

/** Keeps the cache within its limit. One at a time: two would make the same room twice. */
export class Collector {
  readonly #parts: CollectorParts;
  readonly #turn = pLimit(1);
  #isOver = false;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  /** So that a blob that comes fits within the limit. Never rejects: a cache that is too large still boots machines. */
  async makeRoomFor({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): Promise<void> {
    const limit = this.#parts.limit();
    if (limit !== undefined) await this.#turn(() => this.#evict(() => limit - size, digest));
  }

  /** The disk is full: so many bytes go, whatever the limit, as far as they may. Never rejects. */
  async free(bytes: number): Promise<void> {
    await this.#turn(() => this.#evict((held) => held - bytes));
  }

  async #evict(limitFor: (held: number) => number, coming?: Digest): Promise<void> {
    const { store, pins, events } = this.#parts;
    const [blobs, pinned] = await Promise.all([store.usage().catch(() => []), pins().catch(() => undefined)]);
    if (pinned === undefined) return;
    const others = blobs.filter(({ digest }) => digest !== coming);
    const held = others.reduce((sum, { size }) => sum + size, 0);
    const { evicted, over } = chooseEvicted(others, pinned, limitFor(held));
    for (const { digest, size: bytes } of evicted) {
      if (await store.delete(digest).catch(() => false)) events({ event: 'blob.evicted', digest, bytes });
    }
    // Told when it begins, not for every blob that comes.
    if (over > 0 && !this.#isOver && coming !== undefined) events({ event: 'cache.over', bytes: over });
    this.#isOver = over > 0;
  }
}
