import type { BlobReader } from '../blob/blob-reader.js';
import type { LocatedArtifact } from '../boot/ports.js';
import type { RangeReader } from '../image/range-reader.js';
import { type ReadUki, readUki } from '../image/uki.js';

/** What UKIs hold, read of bytes that are verified. */
export class VerifiedContents {
  readonly #open: (artifact: LocatedArtifact) => Promise<BlobReader>;

  constructor(open: (artifact: LocatedArtifact) => Promise<BlobReader>) {
    this.#open = open;
  }

  /** Waits for the whole. Throws what the cache throws. */
  async of(artifact: LocatedArtifact): Promise<ReadUki> {
    const blob = await this.#open(artifact);
    try {
      await blob.whole();
      return await readUki(rangesOf(blob));
    } finally {
      await blob.close();
    }
  }
}

function rangesOf(blob: BlobReader): RangeReader {
  return {
    size: blob.size,
    read: async (offset, length) => {
      const target = Buffer.alloc(Math.max(0, Math.min(length, blob.size - offset)));
      const read = await blob.read(target, offset);
      return target.subarray(0, read);
    },
  };
}
