import { describe, expect, it } from 'vitest';
import { blobPath, digestOfFile, INDEX_CONTENTS, ingestPath, LAYOUT_CONTENTS } from '../../src/blob/layout.js';
import { parseDigest } from '../../src/oci/digest.js';

const HEX = 'ab'.repeat(32);
const DIGEST = parseDigest(`sha256:${HEX}`);

describe('the layout of the cache', () => {
  it('places blobs as the image-spec does', () => {
    expect(blobPath(DIGEST)).toBe(`blobs/sha256/${HEX}`);
    expect(ingestPath({ digest: DIGEST, size: 7 }, 'f00')).toBe(`ingest/${HEX}.7.f00`);
  });

  it('knows its own files from others', () => {
    expect(digestOfFile(HEX)).toBe(DIGEST);
    for (const name of [`${HEX}.f00`, HEX.toUpperCase(), HEX.slice(1), '', '.probe', `sha256:${HEX}`]) {
      expect(digestOfFile(name)).toBeUndefined();
    }
  });

  it('has the two files that make a folder a layout', () => {
    expect(JSON.parse(LAYOUT_CONTENTS)).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(JSON.parse(INDEX_CONTENTS)).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [],
    });
  });
});
