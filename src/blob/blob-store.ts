import type { BootlayerError } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';

/** A blob that is whole and was verified when it was stored. */
export type StoredBlob = { readonly digest: Digest; readonly size: number };

/** What takes up room. */
export type Holding = StoredBlob & {
  /** What was kept of a download that broke, and nobody is going on with now; else a whole blob. */
  readonly isPart: boolean;
  /** When it was opened or written last, in milliseconds since the epoch. */
  readonly lastUsed: number;
};

/** Random access to bytes. Whoever opens it closes it. */
export interface ByteReader {
  /** Reads up to `target.length` bytes at `position` and answers how many; 0 only at the end. */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Where blobs live, keyed by digest. Only verified bytes ever become a blob: `commit` checks size and digest.
 * One contract suite runs over every implementation (test/contracts/blob-store.ts).
 */
export interface BlobStore {
  /**
   * undefined when the digest is not stored whole. A descriptor that gives an intact blob another size is a
   * DIGEST_MISMATCH; a blob that was damaged from outside is dropped, and so fetched again. To find out which it is may take
   * its time: the signal ends it.
   */
  open(descriptor: Descriptor, signal?: AbortSignal): Promise<ByteReader | undefined>;
  /**
   * Starts receiving a blob, or goes on with what was kept of it (`Ingest.keep`, or a crash): `written` says so. At most
   * one ingest per digest and size is under way (the cache above sees to it). Reading what was kept takes its time: the signal ends it.
   */
  ingest(descriptor: Descriptor, signal?: AbortSignal): Promise<Ingest>;
  list(): Promise<readonly StoredBlob[]>;
  holdings(): Promise<readonly Holding[]>;
  /** Answers whether it was there. Readers that are open keep their bytes. */
  delete(digest: Digest): Promise<boolean>;
  /** The same for what was kept of it; what is being written stays. */
  deletePart(digest: Digest): Promise<boolean>;
  /** How many bytes may still come before its disk is nearly full; Infinity where there is no such end. */
  room(): Promise<number>;
  /**
   * Reads a blob again, waiting for `pause` after each piece, and drops it when it is damaged, or its disk cannot give it any
   * more. Throws DATA_UNUSABLE when it is this process that may not read it, BLOB_UNAVAILABLE when it cannot read anything now,
   * and what `pause` throws: then it stays.
   */
  recheck(digest: Digest, pause: (bytes: number) => Promise<void>): Promise<'intact' | 'damaged' | 'gone'>;
}

/** A blob on its way in. What was written can be read back until it is closed, however it went. */
export interface Ingest extends ByteReader {
  /** Bytes received so far. */
  readonly written: number;
  /**
   * Throws DIGEST_MISMATCH as soon as more bytes come than were promised, DATA_UNUSABLE, and DISK_FULL: when there is room
   * again, the same bytes may be written once more.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Verifies, makes durable, publishes. Throws DIGEST_MISMATCH, DISK_FULL, DATA_UNUSABLE and leaves nothing behind. */
  commit(): Promise<void>;
  /** Leaves nothing behind; does nothing after commit. */
  abort(): Promise<void>;
  /** What was received is to be gone on with the next time, where the store can; does nothing after commit. */
  keep(): void;
}

/** Where a missing blob's bytes come from. */
export interface BlobSource {
  /** For logs: `registry/repository` or `oci:<folder>`. */
  readonly name: string;
  /**
   * The blob from its byte `from` on, in order. Size and digest are checked by whoever receives it. The signal ends it also
   * while it waits, and it gives up by itself when nothing comes for too long.
   */
  fetch(descriptor: Descriptor, signal: AbortSignal, from: number): Promise<AsyncIterable<Uint8Array>>;
  /** It is told how fetching from it went wrong, also when what it gave turns out to be. */
  readonly failed?: (problem: BootlayerError) => void;
}
