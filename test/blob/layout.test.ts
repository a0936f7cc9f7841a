import { describe, expect, it } from 'vitest';
import {
  blobPath,
  digestOfFile,
  INDEX_CONTENTS,
  ingestPath,
  LAYOUT_CONTENTS,
  readPartName,
} from '../../src/blob/layout.js';
import { parseDigest } from '../../src/oci/digest.js';

const HEX = 'ab'.repeat(32);
const DIGEST = parseDigest(`sha256:${HEX}`);

describe('the layout of the cache', () => {
  it('places blobs as the image-spec does', () => {
    expect(blobPath(DIGEST)).toBe(`blobs/sha256/${HEX}`);
    expect(ingestPath({ digest: DIGEST, size: 7 }, 'f00')).toBe(`ingest/${HEX}.7.f00`);
  });

  it('knows what a part is of, whatever size a manifest claims', () => {
    for (const size of [0, 7, Number.MAX_SAFE_INTEGER]) {
      const name = ingestPath({ digest: DIGEST, size }, 'f00').slice('ingest/'.length);
      expect(readPartName(name)).toEqual({ digest: DIGEST, size, mark: 'f00' });
    }
    for (const name of ['.probe', `${HEX}.x.f00`, `${HEX}.7`, `${HEX}.7.f00.x`, `${HEX}.${'9'.repeat(17)}.f00`])
      expect(readPartName(name)).toBeUndefined();
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
