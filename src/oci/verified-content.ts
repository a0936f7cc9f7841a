import type { BootlayerError } from '../errors.js';
import { type Descriptor, mismatch } from './descriptor.js';
import { DigestHasher } from './digest.js';

/**
 * The same bytes, checked while they pass. The last piece passes only when all of them are as promised, so that whoever
 * writes them never finishes with wrong ones. Throws DIGEST_MISMATCH, naming `what`, and what `content` throws.
 */
export async function* verifiedContent(
  what: string,
  expected: Descriptor,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const hasher = new DigestHasher();
  let size = 0;
  let last: Uint8Array | undefined;
  for await (const piece of content) {
    size += piece.byteLength;
    if (size > expected.size) throw changed(what, `more than the promised ${expected.size} bytes were read`);
    hasher.update(piece);
    if (last !== undefined) yield last;
    last = piece;
  }
  if (size !== expected.size) throw changed(what, `${expected.size} bytes were promised, ${size} read`);
  const digest = hasher.digest();
  if (digest !== expected.digest) throw changed(what, `${expected.digest} was promised, ${digest} read`);
  if (last !== undefined) yield last;
}

function changed(what: string, why: string): BootlayerError {
  return mismatch(what, why, 'what it is read from changed meanwhile, or is damaged');
}
