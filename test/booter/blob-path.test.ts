import { describe, expect, it } from 'vitest';
import { parseBlobPath } from '../../src/booter/blob-path.js';

const HEX = '0123456789abcdef'.repeat(4);
const digest = `sha256:${HEX}`;

describe('parseBlobPath', () => {
  it.each([
    [`blobs/sha256/${HEX}/vmlinuz`, { digest }],
    [`blobs/sha256/${HEX}/4096+1024/vmlinuz`, { digest, slice: { offset: 4096, length: 1024 } }],
    [`blobs/sha256/${HEX}/0+1/x`, { digest, slice: { offset: 0, length: 1 } }],
    // A name that begins with a digit is a name.
    [`blobs/sha256/${HEX}/0`, { digest }],
  ])('reads %s', (path, wanted) => expect(parseBlobPath(path)).toEqual(wanted));

  it.each([
    '',
    'blobs',
    `blobs/sha256/${HEX}`,
    `blobs/sha256/${HEX}/`,
    `blobs/sha256/${HEX.slice(1)}/x`,
    `blobs/sha256/${HEX.toUpperCase()}/x`,
    `blobs/sha512/${HEX}/x`,
    `/blobs/sha256/${HEX}/x`,
    `x/blobs/sha256/${HEX}/x`,
    `blobs/sha256/${HEX}/a/b`,
    `blobs/sha256/${HEX}/1-2/b`,
    `blobs/sha256/${HEX}/1+/b`,
    `blobs/sha256/${HEX}/1+2/b/c`,
    `blobs/sha256/${HEX}/1+9999999999999999/b`,
  ])('leaves %j to others', (path) => expect(parseBlobPath(path)).toBeUndefined());
});
