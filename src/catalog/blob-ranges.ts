import { BootlayerError } from '../errors.js';
import { OutOfReach, type RangeReader } from '../image/range-reader.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { ImageSource } from '../oci/image-source.js';

export type RangeSource = Pick<ImageSource, 'name' | 'fetchBlob'>;

/** What is fetched at once at least: the header of a UKI, or all its texts. */
const AHEAD_BYTES = 64 * 1024;
/** What a registry that knows no ranges may send in all of what nobody wants. */
const MOST_PASSED_OVER_MIB = 16;

/**
 * Parts of a blob that nobody has downloaded: no more is received than what is read, and what is around it. They are not
 * verified, since a digest is over the whole. A registry that knows no ranges sends all that is before them, of which little is
 * put up with: beyond it, `OutOfReach` is thrown.
 */
export function blobRanges(source: RangeSource, descriptor: Descriptor, signal?: AbortSignal): RangeReader {
  const { digest, size } = descriptor;
  let [start, ahead]: [number, Buffer] = [0, Buffer.alloc(0)];
  let passes = MOST_PASSED_OVER_MIB;

  const tooFar = () => new OutOfReach(`${source.name}, blob ${digest},`);

  /** Leaving the loop ends the download. */
  async function fetchPart(offset: number, length: number): Promise<Buffer> {
    if (length <= 0) return Buffer.alloc(0);
    const pieces: Uint8Array[] = [];
    let received = 0;
    for await (const piece of await source.fetchBlob(descriptor, signal, offset)) {
      // One for each MiB that was passed over (`withoutFirst`).
      if (piece.byteLength === 0) passes -= 1;
      if (piece.byteLength === 0 && passes < 0) throw tooFar();
      pieces.push(piece);
      received += piece.byteLength;
      if (received >= length) return Buffer.concat(pieces).subarray(0, length);
    }
    throw endedEarly(source.name, descriptor, offset + received);
  }

  return {
    size,
    read: async (offset, length) => {
      const end = Math.min(offset + length, size);
      if (offset < start || end > start + ahead.length) {
        if (passes < 0 && offset > 0) throw tooFar();
        // From a boundary on: what is read next may be a little before.
        const from = offset - (offset % AHEAD_BYTES);
        ahead = await fetchPart(from, Math.min(Math.max(end - from, AHEAD_BYTES), size - from));
        start = from;
      }
      return ahead.subarray(offset - start, Math.max(offset, end) - start);
    },
  };
}

function endedEarly(name: string, { digest, size }: Descriptor, position: number): BootlayerError {
  const why = `it ended after ${position} of ${size} bytes`;
  return new BootlayerError('REGISTRY_UNREACHABLE', `${name} cannot be asked for blob ${digest}: ${why}`, {
    remedy: 'see that the registry runs and can be reached from this host',
  });
}
