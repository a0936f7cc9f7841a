import { expect, it } from 'vitest';
import { TokenBuckets } from '../../src/net/token-buckets.js';

const LIMITS = { burst: 3, perSecond: 2 };

it('lets each take so many at once, and then so many a second', () => {
  const buckets = new TokenBuckets(LIMITS);
  const taken = (key: string, now: number) =>
    Array.from({ length: 5 }, () => buckets.take(key, now)).filter(Boolean).length;
  expect([taken('a', 0), taken('a', 0), taken('b', 0)]).toEqual([3, 0, 3]);
  expect([taken('a', 499), taken('a', 1_000), taken('a', 60_000)]).toEqual([0, 2, 3]);
});

it('remembers those that asked last, however many there are', () => {
  const buckets = new TokenBuckets({ ...LIMITS, maxKeys: 10 });
  const spent = Array.from({ length: 1_000 }, (_, key) => String(key));
  for (const key of spent) for (let times = 0; times < 4; times += 1) buckets.take(key, 0);
  expect(spent.slice(-10).filter((key) => buckets.take(key, 0))).toEqual([]);
  expect(buckets.take('0', 0)).toBe(true);
});
