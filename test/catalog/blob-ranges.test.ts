import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { blobRanges } from '../../src/catalog/blob-ranges.js';
import { digestOf } from '../../src/oci/digest.js';

const BYTES = randomBytes(300_000);
const DESCRIPTOR = { mediaType: 'x', digest: digestOf(BYTES), size: BYTES.length };

/** In pieces of 10,000; `taken`: what was sent of each that was asked for, by where it began. */
function source(all = BYTES) {
  const taken: { readonly from: number; bytes: number; isEnded: boolean }[] = [];
  const fetchBlob = async (_descriptor: unknown, _signal?: AbortSignal, from = 0) => {
    const one = { from, bytes: 0, isEnded: false };
    taken.push(one);
    return (async function* () {
      try {
        for (let at = from; at < all.length; at += 10_000) {
          const piece = all.subarray(at, at + 10_000);
          one.bytes += piece.length;
          yield piece;
        }
      } finally {
        one.isEnded = true;
      }
    })();
  };
  return { fetchBlob, taken };
}

it('receives what is read and a little ahead, once', async () => {
  const { taken, ...from } = source();
  const ranges = blobRanges(from, DESCRIPTOR);
  expect((await ranges.read(0, 4_096)).equals(BYTES.subarray(0, 4_096))).toBe(true);
  expect((await ranges.read(60_000, 5_000)).equals(BYTES.subarray(60_000, 65_000))).toBe(true);
  expect(taken).toEqual([{ from: 0, bytes: 70_000, isEnded: true }]);
  expect((await ranges.read(200_000, 90_000)).equals(BYTES.subarray(200_000, 290_000))).toBe(true);
  expect((await ranges.read(100, 10)).equals(BYTES.subarray(100, 110))).toBe(true);
  expect(taken.slice(1)).toEqual([
    { from: 200_000, bytes: 90_000, isEnded: true },
    { from: 100, bytes: 70_000, isEnded: true },
  ]);
});

it('has what there is at the end, and nothing behind it', async () => {
  const ranges = blobRanges(source(), DESCRIPTOR);
  expect((await ranges.read(299_990, 100)).equals(BYTES.subarray(299_990))).toBe(true);
  expect(await ranges.read(300_000, 10)).toEqual(Buffer.alloc(0));
  expect(await ranges.read(400_000, 10)).toEqual(Buffer.alloc(0));
});

it('has less of a blob that ends before it should', async () => {
  const ranges = blobRanges(source(BYTES.subarray(0, 1_000)), DESCRIPTOR);
  expect(await ranges.read(900, 400)).toHaveLength(100);
});
