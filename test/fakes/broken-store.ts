import type { BlobStore, ByteReader, Holding, Ingest, StoredBlob } from '../../src/blob/blob-store.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import type { Digest } from '../../src/oci/digest.js';

/** What goes wrong, or takes long, and when; each may throw or wait. */
export type Faults = {
  /** The store has looked for a blob and not answered yet. */
  readonly looked?: () => Promise<void>;
  readonly beginning?: () => Promise<void>;
  readonly writing?: (bytes: Uint8Array) => Promise<void>;
  readonly aborting?: () => Promise<void>;
  readonly closing?: () => Promise<void>;
};

/** A store on a bad disk. As with a file, nothing can be read from an ingest that is closed. */
export class BrokenStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #faults: Faults;

  constructor(store: BlobStore, faults: Faults) {
    this.#store = store;
    this.#faults = faults;
  }

  async open(descriptor: Descriptor, signal?: AbortSignal): Promise<ByteReader | undefined> {
    const reader = await this.#store.open(descriptor, signal);
    await this.#faults.looked?.();
    return reader;
  }

  async ingest(descriptor: Descriptor): Promise<Ingest> {
    await this.#faults.beginning?.();
    return new BrokenIngest(await this.#store.ingest(descriptor), this.#faults);
  }

  list(): Promise<readonly StoredBlob[]> {
    return this.#store.list();
  }

  holdings(): Promise<readonly Holding[]> {
    return this.#store.holdings();
  }

  delete(digest: Digest): Promise<boolean> {
    return this.#store.delete(digest);
  }

  deletePart(digest: Digest): Promise<boolean> {
    return this.#store.deletePart(digest);
  }

  room(): Promise<number> {
    return this.#store.room();
  }

  recheck(...asked: Parameters<BlobStore['recheck']>): ReturnType<BlobStore['recheck']> {
    return this.#store.recheck(...asked);
  }
}

class BrokenIngest implements Ingest {
  readonly #ingest: Ingest;
  readonly #faults: Faults;
  #closed = false;

  constructor(ingest: Ingest, faults: Faults) {
    this.#ingest = ingest;
    this.#faults = faults;
  }

  get written(): number {
    return this.#ingest.written;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#faults.writing?.(bytes);
    await this.#ingest.write(bytes);
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    if (this.#closed) throw new Error('read after close');
    return this.#ingest.read(target, position);
  }

  commit(): Promise<void> {
    return this.#ingest.commit();
  }

  async abort(): Promise<void> {
    await this.#faults.aborting?.();
    await this.#ingest.abort();
  }

  keep(): void {
    this.#ingest.keep();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#faults.closing?.();
    await this.#ingest.close();
  }
}
