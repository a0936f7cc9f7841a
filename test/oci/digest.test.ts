import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestFromHex, digestOf, hexOf, isDigest, parseDigest, shortDigest } from '../../src/oci/digest.js';

/** Of `{}`: the image-spec's empty configuration (manifest.md). */
const EMPTY = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

describe('a digest', () => {
  it('is computed as the image-spec does', () => {
    expect(digestOf(Buffer.from('{}'))).toBe(EMPTY);
  });

  it('is read, taken apart and put together again', () => {
    const digest = parseDigest(EMPTY);
    expect(hexOf(digest)).toBe(EMPTY.slice(7));
    expect(digestFromHex(hexOf(digest))).toBe(digest);
    expect(shortDigest(digest)).toBe('sha256:44136fa355b3');
  });

  it.each([
    '',
    EMPTY.slice(7),
    EMPTY.slice(0, -1),
    `${EMPTY}0`,
    `${EMPTY}\n`,
    ` ${EMPTY}`,
    EMPTY.toUpperCase(),
    EMPTY.replace('4', 'g'),
    `sha512:${'0'.repeat(128)}`,
    `sha256:../../${'0'.repeat(58)}`,
  ])('is not %j', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }));
  });

  it('is made of 64 hex digits alone', () => {
    expect(digestFromHex(`${EMPTY.slice(7)}\n`)).toBeUndefined();
    expect(digestFromHex(EMPTY.slice(7).toUpperCase())).toBeUndefined();
    expect(digestFromHex('')).toBeUndefined();
  });

  it('can be had of any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => isDigest(digestOf(bytes))));
  });
});
