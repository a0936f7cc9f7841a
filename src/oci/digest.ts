import { createHash } from 'node:crypto';
import { BootlayerError } from '../errors.js';

declare const digestBrand: unique symbol;

/** `sha256:` and 64 lower-case hex digits (image-spec, descriptor.md). Other algorithms are refused where they are parsed. */
export type Digest = string & { readonly [digestBrand]: true };

const SHA256 = /^sha256:[0-9a-f]{64}$/;
const HEX = /^[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return SHA256.test(text);
}

/** Throws DIGEST_INVALID. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new BootlayerError('DIGEST_INVALID', `"${text.slice(0, 100)}" is not a digest`, {
    remedy: 'write sha256: and 64 lower-case hex digits',
  });
}

/** The digest whose hex digits stand in a URL or file name; undefined when they are no such thing. */
export function digestFromHex(hex: string): Digest | undefined {
  return HEX.test(hex) ? (`sha256:${hex}` as Digest) : undefined;
}

export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** `sha256:0123456789ab`, for people. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

export function digestOf(bytes: Uint8Array): Digest {
  const hasher = new DigestHasher();
  hasher.update(bytes);
  return hasher.digest();
}

/** The digest of bytes that come piece by piece. */
export class DigestHasher {
  readonly #hash = createHash('sha256');

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Once, after the last piece. */
  digest(): Digest {
    return `sha256:${this.#hash.digest('hex')}` as Digest;
  }
}
