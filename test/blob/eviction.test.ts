import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Holding } from '../../src/blob/blob-store.js';
import { chooseEvicted } from '../../src/blob/eviction.js';
import { blobOf } from '../fixtures/blobs.js';

const blob = (seed: number, size: number, lastUsed: number): Holding => ({
  digest: blobOf(1, seed).descriptor.digest,
  size,
  isPart: false,
  lastUsed,
});
const [OLD, MIDDLE, NEW] = [blob(1, 10, 100), blob(2, 20, 200), blob(3, 30, 300)];
const ALL = [NEW, OLD, MIDDLE];

describe('chooseEvicted', () => {
  it('lets everything stay that fits', () => {
    expect(chooseEvicted(ALL, new Set(), 60)).toEqual({ evicted: [], over: 0 });
  });

  it('takes the least recently used, and no more than is needed', () => {
    expect(chooseEvicted(ALL, new Set(), 59)).toEqual({ evicted: [OLD], over: 0 });
    expect(chooseEvicted(ALL, new Set(), 49)).toEqual({ evicted: [OLD, MIDDLE], over: 0 });
  });

  it('leaves what is pinned, and says by how much that is too much', () => {
    expect(chooseEvicted(ALL, new Set([OLD.digest]), 40)).toEqual({ evicted: [MIDDLE], over: 0 });
    expect(chooseEvicted(ALL, new Set([OLD.digest, NEW.digest]), 15)).toEqual({ evicted: [MIDDLE], over: 25 });
  });

  it('never evicts what is pinned, and is over only when nothing else is left', () => {
    const blobs = fc.uniqueArray(fc.record({ seed: fc.nat(200), size: fc.nat(50), lastUsed: fc.nat(9) }), {
      selector: ({ seed }) => seed,
      maxLength: 12,
    });
    fc.assert(
      fc.property(blobs, fc.nat(200), fc.nat(255), (told, limit, mask) => {
        const all = told.map(({ seed, size, lastUsed }) => blob(seed, size, lastUsed));
        const pinned = new Set(all.filter((_, position) => (mask >> (position % 8)) & 1).map(({ digest }) => digest));
        const { evicted, over } = chooseEvicted(all, pinned, limit);
        expect(evicted.some(({ digest }) => pinned.has(digest))).toBe(false);
        const kept = all.filter((one) => !evicted.includes(one));
        const size = kept.reduce((sum, one) => sum + one.size, 0);
        expect(over).toBe(Math.max(0, size - limit));
        if (over > 0) expect(kept.every(({ digest }) => pinned.has(digest))).toBe(true);
      }),
    );
  });
});
