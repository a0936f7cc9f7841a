import type { Descriptor } from '../oci/descriptor.js';
import { type Digest, digestOf } from '../oci/digest.js';
import type { BlobStore, ByteReader, Holding, Ingest, StoredBlob } from './blob-store.js';
import { notAsPromised, tooMuch } from './mismatch.js';

/** Blobs in memory: for tests, and for what is small and hot. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #used = new Map<Digest, number>();

  async open({ digest, size }: Descriptor): Promise<ByteReader | undefined> {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) return undefined;
    this.#used.set(digest, Date.now());
    if (bytes.length !== size) throw notAsPromised({ mediaType: '', digest, size }, digest, bytes.length);
    return { read: async (target, position) => copy(bytes, target, position), close: async () => undefined };
  }

  async ingest(descriptor: Descriptor): Promise<Ingest> {
    return new MemoryIngest(descriptor, (bytes) => this.#blobs.set(descriptor.digest, bytes));
  }

  async list(): Promise<readonly StoredBlob[]> {
    return [...this.#blobs].map(([digest, { length }]) => ({ digest, size: length })).sort(byDigest);
  }

  async holdings(): Promise<readonly Holding[]> {
    return (await this.list()).map((blob) => ({ ...blob, isPart: false, lastUsed: this.#used.get(blob.digest) ?? 0 }));
  }

  async delete(digest: Digest): Promise<boolean> {
    return this.#blobs.delete(digest);
  }

  async deletePart(): Promise<boolean> {
    return false;
  }

  async room(): Promise<number> {
    return Number.POSITIVE_INFINITY;
  }

  async recheck(digest: Digest, pause: (bytes: number) => Promise<void>): Promise<'intact' | 'damaged' | 'gone'> {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) return 'gone';
    await pause(bytes.length);
    if (digestOf(bytes) === digest) return 'intact';
    this.#blobs.delete(digest);
    return 'damaged';
  }
}

class MemoryIngest implements Ingest {
  readonly #descriptor: Descriptor;
  readonly #publish: (bytes: Uint8Array) => void;
  readonly #bytes: Uint8Array;
  #written = 0;

  constructor(descriptor: Descriptor, publish: (bytes: Uint8Array) => void) {
    this.#descriptor = descriptor;
    this.#publish = publish;
    this.#bytes = new Uint8Array(descriptor.size);
  }

  get written(): number {
    return this.#written;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#written + bytes.length > this.#descriptor.size) throw tooMuch(this.#descriptor);
    this.#bytes.set(bytes, this.#written);
    this.#written += bytes.length;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    return copy(this.#bytes.subarray(0, this.#written), target, position);
  }

  async commit(): Promise<void> {
    const actual = digestOf(this.#bytes.subarray(0, this.#written));
    if (this.#written !== this.#descriptor.size || actual !== this.#descriptor.digest) {
      throw notAsPromised(this.#descriptor, actual, this.#written);
    }
    this.#publish(this.#bytes);
  }

  /** Nothing was published yet, or it stays. */
  async abort(): Promise<void> {}

  /** What is in memory is not worth it. */
  keep(): void {}

  async close(): Promise<void> {}
}

function copy(from: Uint8Array, target: Uint8Array, position: number): number {
  const bytes = from.subarray(position, position + target.length);
  target.set(bytes);
  return bytes.length;
}

function byDigest(a: StoredBlob, b: StoredBlob): number {
  return a.digest < b.digest ? -1 : 1;
}
