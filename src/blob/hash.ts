import { type Digest, DigestHasher } from '../oci/digest.js';
import type { ByteReader } from './blob-store.js';

const PIECE_BYTES = 1024 * 1024;

/** The digest of everything that can be read; waits for `pause` after each piece. */
export async function hashOf(bytes: ByteReader, pause?: (bytes: number) => Promise<void>): Promise<Digest> {
  const hasher = new DigestHasher();
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let position = 0; ; ) {
    const count = await bytes.read(piece, position);
    if (count === 0) return hasher.digest();
    hasher.update(piece.subarray(0, count));
    position += count;
    await pause?.(count);
  }
}
