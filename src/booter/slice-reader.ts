import type { BlobReader } from '../blob/blob-reader.js';
import type { Slice } from './blob-path.js';

/** A part of a blob as if it were a blob itself. It could be there before the digest is proven, so it waits for all of it. */
export function sliceReader(blob: BlobReader, { offset, length }: Slice): BlobReader {
  return {
    size: length,
    whole: (signal) => blob.whole(signal),
    available: async (position, signal) => {
      await blob.whole(signal);
      return Math.max(0, length - position);
    },
    read: (target, position) => blob.read(target.subarray(0, Math.max(0, length - position)), offset + position),
    close: () => blob.close(),
  };
}
