import { BootlayerError } from '../errors.js';
import type { Digest } from './digest.js';
import { digestOf } from './digest.js';

/** What content-addressed things go by (image-spec, descriptor.md): the size in bytes is always known. */
export type Descriptor = {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
};

export function descriptorOf(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

/** Digest and size as one text, for maps: images may differ in what they say of one digest. */
export function sizedName({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): string {
  return `${digest} ${size}`;
}

/** Throws DIGEST_MISMATCH, naming `what`, unless the bytes are those the descriptor promises. */
export function verifyBytes(
  what: string,
  expected: Pick<Descriptor, 'digest' | 'size'>,
  bytes: Uint8Array,
  remedy?: string,
): void {
  if (bytes.byteLength !== expected.size) {
    throw mismatch(what, `${expected.size} bytes were promised, ${bytes.byteLength} received`, remedy);
  }
  const actual = digestOf(bytes);
  if (actual !== expected.digest) throw mismatch(what, `${expected.digest} was promised, ${actual} received`, remedy);
}

/** What arrived is not what was promised. */
export function mismatch(
  what: string,
  why: string,
  remedy = 'the registry or a proxy before it is damaged: push the image again or mend the registry',
): BootlayerError {
  return new BootlayerError('DIGEST_MISMATCH', `${what}: ${why}`, { remedy });
}
