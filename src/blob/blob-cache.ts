import pLimit from 'p-limit';
import type { EventSink } from '../boot/event.js';
import { BootlayerError } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { type BlobReader, followingReader, storedReader } from './blob-reader.js';
import type { BlobSource, BlobStore } from './blob-store.js';
import { Fill } from './fill.js';

export type BlobCacheParts = {
  readonly store: BlobStore;
  readonly events: EventSink;
  readonly clock: {
    /** Milliseconds. */
    now(): number;
  };
  /** How many downloads run at once; others wait in line. */
  readonly maxFills?: number;
};

const MAX_FILLS = 8;

/** The store, filled on demand: one download per digest however many readers there are. */
export class BlobCache {
  readonly #parts: BlobCacheParts;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #fills = new Map<Digest, { readonly fill: Fill; readonly ended: Promise<void> }>();
  /** How many downloads have ended: one that ended while the store was looked into may have put the blob there. */
  #ended = 0;
  #closed = false;

  constructor(parts: BlobCacheParts) {
    this.#parts = parts;
    this.#limit = pLimit(parts.maxFills ?? MAX_FILLS);
  }

  /** A reader on the stored blob, or on its download. Throws DIGEST_MISMATCH, DATA_UNUSABLE, BLOB_UNAVAILABLE. */
  async open(descriptor: Descriptor, source: BlobSource): Promise<BlobReader> {
    for (;;) {
      const running = this.#fills.get(descriptor.digest);
      if (running?.fill.growing) return join(running.fill, descriptor);
      await running?.ended;
      const endedBefore = this.#ended;
      const stored = await this.#parts.store.open(descriptor);
      if (stored !== undefined) return storedReader(stored, descriptor.size);
      const isNews = this.#fills.has(descriptor.digest) || this.#ended !== endedBefore;
      if (!isNews) return join(this.#start(descriptor, source), descriptor);
    }
  }

  /** Downloads the blob unless it is there, for whoever comes. How it goes is told as events. */
  prefetch(descriptor: Descriptor, source: BlobSource): void {
    this.open(descriptor, source)
      .then((reader) => reader.close())
      .catch(() => undefined);
  }

  /** Gives up all downloads and waits until they have cleaned up. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#fills.values()];
    for (const { fill } of all) fill.abort();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #start(descriptor: Descriptor, source: BlobSource): Fill {
    if (this.#closed) throw new BootlayerError('BLOB_UNAVAILABLE', 'the server ends');
    const { store, events, clock } = this.#parts;
    const fill = new Fill(descriptor, { store, source, events, now: () => clock.now() });
    const ended = this.#limit(() => fill.run()).finally(() => {
      this.#ended += 1;
      this.#fills.delete(descriptor.digest);
    });
    this.#fills.set(descriptor.digest, { fill, ended });
    return fill;
  }
}

function join(fill: Fill, { digest, size }: Descriptor): BlobReader {
  if (fill.descriptor.size === size) return followingReader(fill);
  throw new BootlayerError('DIGEST_MISMATCH', `${digest} is said to have ${size} and ${fill.descriptor.size} bytes`, {
    remedy: 'one of the manifests that name it is wrong: push that image again',
  });
}
