import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../src/net/token-buckets.js';

/** How many of so many requests are taken. */
const taken = (buckets: TokenBuckets, key: string, now: number, times: number) =>
  Array.from({ length: times }, () => buckets.take(key, now)).filter((isTaken) => isTaken).length;

describe('TokenBuckets', () => {
  it('give so many at once, then so many a second, and never more than at once', () => {
    const buckets = new TokenBuckets({ burst: 3, perSecond: 2 });
    expect([0, 499, 500, 1_000, 1_250, 1_500, 99_000].map((now) => taken(buckets, 'a', now, 9))).toEqual([
      ...[3, 0, 1, 1, 0, 1, 3],
    ]);
  });

  it('take nothing from anybody for what they refuse', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1 });
    for (let now = 0; now < 1_000; now += 10) buckets.take('a', now);
    expect(buckets.take('a', 1_000)).toBe(true);
  });

  it('are each one’s own', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 0 });
    expect(['a', 'a', 'b', 'A', ''].map((key) => buckets.take(key, 0))).toEqual([true, false, true, true, true]);
  });

  it('are forgotten of whoever asked longest ago', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 0, maxKeys: 2 });
    for (const key of ['a', 'b', 'a', 'c']) buckets.take(key, 0);
    // Of 'a' it was asked after 'b', though it was taken in vain.
    expect([buckets.take('a', 0), buckets.take('b', 0)]).toEqual([false, true]);
  });

  it('give no more over any time than the limits say', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }), (pauses, burst, perSecond) => {
        const buckets = new TokenBuckets({ burst, perSecond });
        let [now, count] = [0, 0];
        for (const pause of pauses) {
          now += pause;
          count += Number(buckets.take('a', now));
        }
        expect(count).toBeLessThanOrEqual(burst + (now / 1_000) * perSecond + 1e-6);
        expect(count).toBeGreaterThanOrEqual(Math.min(burst, pauses.length));
      }),
    );
  });
});
