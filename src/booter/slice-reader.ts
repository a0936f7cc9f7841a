import type { BlobReader } from '../blob/blob-reader.js';
import { BootlayerError } from '../errors.js';
import type { FilePart } from '../image/range-reader.js';
import type { Descriptor } from '../oci/descriptor.js';
import { shortDigest } from '../oci/digest.js';

/** Throws REQUEST_INVALID for a part that the blob does not have. */
export function requirePart({ offset, length }: FilePart, { size, digest }: Pick<Descriptor, 'size' | 'digest'>): void {
  if (length > 0 && offset + length <= size) return;
  throw new BootlayerError('REQUEST_INVALID', `${shortDigest(digest)} has ${size} bytes, and no such part`);
}

/** A part of a blob as if it were a blob itself. It could be there before the digest is proven, so it waits for all of it. */
export function sliceReader(blob: BlobReader, { offset, length }: FilePart): BlobReader {
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
