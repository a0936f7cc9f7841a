import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadWindows } from '../../src/booter/read-windows.js';

const KIB = 1024;
const WINDOW = 256 * KIB;
const SIZE = 64 * WINDOW;

const byteAt = (position: number) => (position >> 12) & 255;

/** `holdsBack`: whether a read waits for `release`; `reads`: where each began. */
function windows({ holdsBack = () => false }: { holdsBack?: (position: number) => boolean } = {}) {
  const reads: number[] = [];
  const held: (() => void)[] = [];
  const reader = {
    size: SIZE,
    read: async (target: Uint8Array, position: number) => {
      reads.push(position);
      const length = Math.max(0, Math.min(target.length, SIZE - position));
      for (let at = 0; at < length; at += 1) target[at] = byteAt(position + at);
      if (holdsBack(position)) await new Promise<void>((resolve) => held.push(resolve));
      return length;
    },
  };
  const made = new ReadWindows(reader);
  /** Whether all that it says is there is right. */
  const part = async (position: number, length = 16 * KIB) => {
    const target = Buffer.alloc(length);
    const count = await made.read(target, position, true);
    return { count, isRight: target.subarray(0, count).every((byte, at) => byte === byteAt(position + at)) };
  };
  const release = () => {
    for (const resolve of held.splice(0)) resolve();
  };
  return { part, reads, release };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('windows of a blob', () => {
  it('are nobody else’s while somebody waits for one', async () => {
    const { part, release } = windows({ holdsBack: (position) => position === 4 * KIB });
    const start = 4 * KIB;
    // One that crosses into the next, and wants the one after that, and one that is in the first still.
    const waiting = [part(start, 1), part(start + WINDOW - 8 * KIB), part(start + 64 * KIB)];
    await turn();
    for (const other of [8, 16, 24]) for (const at of [0, WINDOW / 2]) await part(other * WINDOW + at);
    release();
    expect(await Promise.all(waiting)).toEqual([1, 16 * KIB, 16 * KIB].map((count) => ({ count, isRight: true })));
  });

  it('are eight at most, whatever the disk does', async () => {
    const { part, reads, release } = windows({ holdsBack: () => true });
    const waiting = Array.from({ length: 30 }, (_, one) => part(one * 2 * WINDOW, 1));
    await turn();
    expect(reads).toHaveLength(8);
    release();
    const counts = (await Promise.all(waiting)).map(({ count }) => count);
    expect(counts).toEqual([...Array<number>(8).fill(1), ...Array<number>(22).fill(0)]);
  });

  it('are read once by four that read on at the same time, at whatever pace', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 200, maxLength: 200 }), async (order) => {
        const { part, reads } = windows();
        const at = [0, 16, 32, 48].map((start) => start * WINDOW);
        for (const who of order) {
          const position = at[who] ?? 0;
          expect(await part(position)).toEqual({ count: 16 * KIB, isRight: true });
          at[who] = position + 16 * KIB;
        }
        expect(new Set(reads).size).toBe(reads.length);
      }),
      { numRuns: 20 },
    );
  });

  it('give the right bytes to many at once', async () => {
    const steps = fc.array(
      fc.record({ who: fc.nat(5), length: fc.integer({ min: 1, max: 64 * KIB }), waits: fc.boolean() }),
      { minLength: 20, maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.boolean(), { minLength: 1 }), async (all, isHeld) => {
        let reads = 0;
        const { part, release } = windows({ holdsBack: () => isHeld[reads++ % isHeld.length] === true });
        const at = Array.from({ length: 6 }, (_, who) => (who % 3) * 9 * WINDOW);
        const asked: ReturnType<typeof part>[] = [];
        for (const { who, length, waits } of all) {
          const position = at[who] ?? 0;
          at[who] = position + length;
          asked.push(part(position, length));
          if (!waits) continue;
          release();
          await turn();
        }
        const pump = setInterval(release, 1);
        const given = await Promise.all(asked).finally(() => clearInterval(pump));
        expect(given.every(({ isRight }) => isRight)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
