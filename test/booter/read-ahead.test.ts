import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlobReader } from '../../src/blob/blob-reader.js';
import { readAhead } from '../../src/booter/read-ahead.js';

const KIB = 1024;
const BYTES = Buffer.from(Array.from({ length: 700 * KIB }, (_, at) => (at * 7 + (at >> 9)) & 255));

/** `readable`: reads that go beyond fail; `reads`: how long each read of the reader itself was. */
async function reading({ isWhole = true, readable = BYTES.length } = {}) {
  const reads: number[] = [];
  const own: BlobReader = {
    size: BYTES.length,
    available: async (position) => BYTES.length - position,
    whole: async () => undefined,
    read: async (target, position) => {
      reads.push(target.length);
      if (readable < Math.min(BYTES.length, position + target.length)) throw new Error('no more');
      return BYTES.subarray(position, position + target.length).copy(target);
    },
    close: async () => undefined,
  };
  const reader = readAhead(own);
  if (isWhole) await reader.whole();
  const part = async (position: number, length: number) => {
    const target = Buffer.alloc(length);
    return target.subarray(0, await reader.read(target, position));
  };
  /** undefined where it has to be waited for. */
  const partNow = (position: number, length: number) => {
    const target = Buffer.alloc(length);
    const isFilled = reader.readNow(target, position);
    if (isFilled) return target;
    expect(target.every((byte) => byte === 0)).toBe(true);
    return undefined;
  };
  return { part, partNow, reads };
}

/** What is read ahead is read after that. */
const answered = () => new Promise((resolve) => setImmediate(resolve));

describe('readAhead', () => {
  it('reads once for many parts, each behind the last', async () => {
    const { part, reads } = await reading();
    for (let at = 0; at < 320 * KIB; at += 16 * KIB)
      expect((await part(at, 16 * KIB)).equals(BYTES.subarray(at, at + 16 * KIB))).toBe(true);
    expect(reads).toEqual([16 * KIB, 256 * KIB, 256 * KIB]);
  });

  it('has read what comes next when half of a window is read, and none beyond the end', async () => {
    const { part, reads } = await reading();
    for (let at = 0; at < 144 * KIB; at += 16 * KIB) await part(at, 16 * KIB);
    expect(reads).toEqual([16 * KIB, 256 * KIB]);
    await part(144 * KIB, 16 * KIB);
    // The part comes first.
    expect(reads).toEqual([16 * KIB, 256 * KIB]);
    await answered();
    expect(reads).toEqual([16 * KIB, 256 * KIB, 256 * KIB]);
    const end = await reading();
    for (let at = 560 * KIB; at < 700 * KIB; at += 10 * KIB) await end.part(at, 10 * KIB);
    await answered();
    expect(end.reads).toEqual([10 * KIB, 256 * KIB]);
  });

  it('has parts at once that follow another in a window', async () => {
    const { part, partNow, reads } = await reading();
    expect(partNow(0, 16 * KIB)).toBeUndefined();
    await part(0, 16 * KIB);
    // Not there yet.
    expect(partNow(16 * KIB, 16 * KIB)).toBeUndefined();
    await part(16 * KIB, 16 * KIB);
    // Not where a part has ended, longer than a small part, and beyond the window.
    for (const [position, length] of [
      [48, 16],
      [32, 65],
      [32, 240 + 1],
    ] as const)
      expect([position, length, partNow(position * KIB, length * KIB)]).toEqual([position, length, undefined]);
    for (let at = 32 * KIB; at < 272 * KIB; at += 16 * KIB)
      expect(partNow(at, 16 * KIB)?.equals(BYTES.subarray(at, at + 16 * KIB))).toBe(true);
    // What comes next was read meanwhile, but nobody was waited for.
    expect(reads).toEqual([16 * KIB, 256 * KIB]);
    await answered();
    expect(reads).toEqual([16 * KIB, 256 * KIB, 256 * KIB]);
    expect(partNow(272 * KIB, 16 * KIB)?.equals(BYTES.subarray(272 * KIB, 288 * KIB))).toBe(true);
  });

  it('has nothing at once of what is not all there', async () => {
    const { part, partNow } = await reading({ isWhole: false });
    for (let at = 0; at < 64 * KIB; at += 16 * KIB) {
      expect(partNow(at, 16 * KIB)).toBeUndefined();
      await part(at, 16 * KIB);
    }
  });

  it('joins what two windows hold', async () => {
    const { part, reads } = await reading();
    await part(0, 24 * KIB);
    for (let at = 24 * KIB; at < 320 * KIB; at += 24 * KIB)
      expect((await part(at, 24 * KIB)).equals(BYTES.subarray(at, at + 24 * KIB))).toBe(true);
    expect(reads).toEqual([24 * KIB, 256 * KIB, 256 * KIB]);
  });

  it('gives what can be read where what comes next cannot', async () => {
    const { part } = await reading({ readable: 250 * KIB });
    for (let at = 0; at < 250 * KIB; at += 10 * KIB)
      expect((await part(at, 10 * KIB)).equals(BYTES.subarray(at, at + 10 * KIB))).toBe(true);
    await expect(part(250 * KIB, 10 * KIB)).rejects.toThrow('no more');
  });

  it('serves several that read on elsewhere', async () => {
    const { part, reads } = await reading();
    const at = [0, 300 * KIB];
    for (let step = 0; step < 10; step += 1) for (const start of at) await part(start + step * KIB, KIB);
    expect(reads).toEqual([KIB, KIB, 256 * KIB, 256 * KIB]);
  });

  it('gives the bytes that are there, whoever reads what, and none beyond the end', async () => {
    const step = fc.record({
      isNext: fc.boolean(),
      isNow: fc.boolean(),
      at: fc.nat(BYTES.length + KIB),
      length: fc.integer({ min: 1, max: 80 * KIB }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { part, partNow } = await reading();
        let last = 0;
        for (const { isNext, isNow, at, length } of steps) {
          const position = isNext ? last : at;
          last = position + length;
          const read = (isNow ? partNow(position, length) : undefined) ?? (await part(position, length));
          // Of what it is asked for as well, a reader may give less.
          expect(read.equals(BYTES.subarray(position, position + read.length))).toBe(true);
          expect(read.length > 0 || position >= BYTES.length).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});
