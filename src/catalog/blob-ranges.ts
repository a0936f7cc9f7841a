import { BootlayerError } from '../errors.js';
import { OutOfReach, type RangeReader } from '../image/range-reader.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { ImageSource } from '../oci/image-source.js';

/** A part of a blob, from there on. */
type Fetched = { readonly start: number; readonly bytes: Buffer };

export type RangeSource = Pick<ImageSource, 'name' | 'fetchBlob'>;

/** What is fetched at once at least: the header of a UKI, or all its texts. */
const AHEAD_BYTES = 64 * 1024;
/** What was fetched last is kept: the directories of an ISO, between which its files are read. */
const MOST_KEPT = 8;
/** What a registry that knows no ranges may send in all of what nobody wants. */
const MOST_PASSED_OVER_MIB = 16;

/**
 * Parts of a blob that nobody has downloaded: no more is received than what is read, and what is around it. They are not
 * verified, since a digest is over the whole. A registry that knows no ranges sends all that is before them, of which little is
 * put up with: beyond it, `OutOfReach` is thrown.
 */
export function blobRanges(source: RangeSource, descriptor: Descriptor, signal?: AbortSignal): RangeReader {
  const { digest, size } = descriptor;
  /** The last used in front. */
  let kept: readonly Fetched[] = [];
  let passes = MOST_PASSED_OVER_MIB;

  const tooFar = () => new OutOfReach(`${source.name}, blob ${digest},`);

  /** Leaving the loop ends the download. */
  async function fetchPart(offset: number, length: number): Promise<Buffer> {
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

  /** From a boundary on: what is read next may be a little before. */
  async function fetched(offset: number, end: number): Promise<Fetched> {
    if (passes < 0 && offset > 0) throw tooFar();
    const start = offset - (offset % AHEAD_BYTES);
    return { start, bytes: await fetchPart(start, Math.min(Math.max(end - start, AHEAD_BYTES), size - start)) };
  }

  return {
    size,
    read: async (offset, length) => {
      const end = Math.min(offset + length, size);
      if (end <= offset) return Buffer.alloc(0);
      const before = kept.find(({ start, bytes }) => start <= offset && end <= start + bytes.length);
      const found = before ?? (await fetched(offset, end));
      kept = [found, ...kept.filter((one) => one !== found)].slice(0, MOST_KEPT);
      return found.bytes.subarray(offset - found.start, end - found.start);
    },
  };
}

function endedEarly(name: string, { digest, size }: Descriptor, position: number): BootlayerError {
  const why = `it ended after ${position} of ${size} bytes`;
  return new BootlayerError('REGISTRY_UNREACHABLE', `${name} cannot be asked for blob ${digest}: ${why}`, {
    remedy: 'see that the registry runs and can be reached from this host',
  });
}
