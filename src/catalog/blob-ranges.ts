import type { RangeReader } from '../image/range-reader.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { ImageSource } from '../oci/image-source.js';

/** What is fetched at once at least: the header of a UKI and the texts behind it. */
const AHEAD_BYTES = 64 * 1024;

/**
 * Parts of a blob that nobody has downloaded: no more is received than what is read, and what is ahead of it. They are not
 * verified, since a digest is over the whole. A registry that knows no ranges sends all that is before them.
 */
export function blobRanges(source: Pick<ImageSource, 'fetchBlob'>, descriptor: Descriptor): RangeReader {
  const { size } = descriptor;
  let [start, ahead]: [number, Buffer] = [0, Buffer.alloc(0)];
  return {
    size,
    read: async (offset, length) => {
      const end = Math.min(offset + length, size);
      if (offset < start || end > start + ahead.length) {
        ahead = await fetchPart(source, descriptor, offset, Math.min(Math.max(length, AHEAD_BYTES), size - offset));
        start = offset;
      }
      return ahead.subarray(offset - start, Math.max(offset, end) - start);
    },
  };
}

/** Fewer bytes only where the source ends before. */
async function fetchPart(
  source: Pick<ImageSource, 'fetchBlob'>,
  descriptor: Descriptor,
  offset: number,
  length: number,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let received = 0;
  if (length <= 0) return Buffer.alloc(0);
  // Leaving the loop ends the download.
  for await (const piece of await source.fetchBlob(descriptor, undefined, offset)) {
    pieces.push(piece);
    received += piece.byteLength;
    if (received >= length) break;
  }
  return Buffer.concat(pieces).subarray(0, length);
}
