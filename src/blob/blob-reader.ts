import type { ByteReader } from './blob-store.js';
import type { Fill } from './fill.js';

/** A blob that may still be arriving. Whoever opens it closes it. */
export interface BlobReader extends ByteReader {
  /** Of the whole blob, in bytes. */
  readonly size: number;
  /** It is there, whole and verified: missing where it was not yet when it was opened. */
  readonly isStored?: true;
  /**
   * How many bytes from `position` on can be read now; waits until there are some, 0 at the end. Throws what the
   * download failed with, and the signal's reason.
   */
  available(position: number, signal?: AbortSignal): Promise<number>;
  /** Resolves when the whole blob is there and verified. Throws the same. */
  whole(signal?: AbortSignal): Promise<void>;
}

/** A blob that is whole. */
export function storedReader(bytes: ByteReader, size: number): BlobReader {
  return {
    size,
    isStored: true,
    available: async (position) => Math.max(0, size - position),
    whole: async () => undefined,
    read: (target, position) => bytes.read(target, position),
    close: () => bytes.close(),
  };
}

/** A blob that is being downloaded. */
export function followingReader(fill: Fill): BlobReader {
  fill.hold();
  let open = true;
  return {
    size: fill.descriptor.size,
    available: (position, signal) => fill.available(position, signal),
    whole: (signal) => fill.whole(signal),
    read: (target, position) => fill.read(target, position),
    close: async () => {
      if (!open) return;
      open = false;
      await fill.release();
    },
  };
}
