import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blobRanges } from '../../src/catalog/blob-ranges.js';
import { OutOfReach } from '../../src/image/range-reader.js';
import { digestOf } from '../../src/oci/digest.js';
import { withoutFirst } from '../../src/oci/image-source.js';

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
  return { name: 'registry.lab:5000/os', fetchBlob, taken };
}

it('receives what is read and a little around it, once', async () => {
  const { taken, ...from } = source();
  const ranges = blobRanges(from, DESCRIPTOR);
  expect((await ranges.read(0, 4_096)).equals(BYTES.subarray(0, 4_096))).toBe(true);
  expect((await ranges.read(60_000, 5_000)).equals(BYTES.subarray(60_000, 65_000))).toBe(true);
  expect(taken).toEqual([{ from: 0, bytes: 70_000, isEnded: true }]);
  expect((await ranges.read(200_000, 90_000)).equals(BYTES.subarray(200_000, 290_000))).toBe(true);
  expect((await ranges.read(100, 10)).equals(BYTES.subarray(100, 110))).toBe(true);
  expect(taken.slice(1)).toEqual([{ from: 196_608, bytes: 100_000, isEnded: true }]);
});

it('keeps the parts that were used last, and no more', async () => {
  const AHEAD = 64 * 1024;
  const { taken, ...from } = source(Buffer.alloc(20 * AHEAD));
  const ranges = blobRanges(from, { ...DESCRIPTOR, size: 20 * AHEAD });
  for (const part of [0, 1, 2, 3, 4, 5, 6, 7, 0, 8]) await ranges.read(part * AHEAD, 10);
  expect(taken).toHaveLength(9);
  await ranges.read(0, AHEAD);
  expect(taken).toHaveLength(9);
  await ranges.read(AHEAD, 10);
  expect(taken.map((one) => one.from / AHEAD)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 1]);
});

it('has what there is at the end, and nothing behind it', async () => {
  const ranges = blobRanges(source(), DESCRIPTOR);
  expect((await ranges.read(299_990, 100)).equals(BYTES.subarray(299_990))).toBe(true);
  expect(await ranges.read(300_000, 10)).toEqual(Buffer.alloc(0));
  expect(await ranges.read(400_000, 10)).toEqual(Buffer.alloc(0));
});

it('fails where a blob ends before it should: what is not there is not empty', async () => {
  const ranges = blobRanges(source(BYTES.subarray(0, 70_000)), DESCRIPTOR);
  expect(await ranges.read(900, 400)).toHaveLength(400);
  await expect(ranges.read(69_000, 2_000)).rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: expect.stringContaining('it ended after 70000 of 300000 bytes') as string,
  });
});

describe('a registry that knows no ranges', () => {
  const MIB = 1024 * 1024;
  const HUGE = { ...DESCRIPTOR, size: 1024 * MIB };

  /** All of it from the start, of which what is before is passed over; `sent`: so many bytes of all. */
  function wholeSource() {
    const counted = { sent: 0, asked: 0, open: 0 };
    const pieces = async function* () {
      counted.open += 1;
      try {
        for (let at = 0; at < HUGE.size; at += MIB / 4) {
          counted.sent += MIB / 4;
          yield Buffer.alloc(MIB / 4, (at / MIB) & 0xff);
        }
      } finally {
        counted.open -= 1;
      }
    };
    const fetchBlob = async (_descriptor: unknown, _signal?: AbortSignal, from = 0) => {
      counted.asked += 1;
      return from === 0 ? pieces() : withoutFirst(from, pieces());
    };
    return { name: 'registry.lab:5000/os', fetchBlob, counted };
  }

  it('is broken off as soon as what is wanted came', async () => {
    const { counted, ...from } = wholeSource();
    const ranges = blobRanges(from, HUGE);
    expect(await ranges.read(3 * MIB, 4)).toEqual(Buffer.alloc(4, 3));
    expect(counted).toEqual({ sent: 3 * MIB + MIB / 4, asked: 1, open: 0 });
  });

  it('is not asked for what lies far behind, nor again and again', async () => {
    const { counted, ...from } = wholeSource();
    const ranges = blobRanges(from, HUGE);
    await expect(ranges.read(900 * MIB, 4)).rejects.toThrow(
      `registry.lab:5000/os, blob ${DESCRIPTOR.digest}, cannot be read in parts: its registry knows no ranges`,
    );
    expect(counted.sent).toBeLessThan(18 * MIB);
    await expect(ranges.read(901 * MIB, 4)).rejects.toBeInstanceOf(OutOfReach);
    expect(counted).toMatchObject({ asked: 1, open: 0 });
    expect(await ranges.read(0, 4)).toEqual(Buffer.alloc(4));
  });

  it('is put up with for so much in all, however it is divided', async () => {
    const { counted, ...from } = wholeSource();
    const ranges = blobRanges(from, HUGE);
    let had = 0;
    for (let one = 0; one < 40; one += 1)
      await ranges.read(2 * MIB + one * 100_000, 4).then(
        () => (had += 1),
        () => 0,
      );
    expect([had, counted.asked, counted.open]).toEqual([8, 9, 0]);
    expect(counted.sent).toBeLessThan(24 * MIB);
  });
});
