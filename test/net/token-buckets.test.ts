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

it('holds as many as there are places, and gives whoever has lost its place a full one', () => {
  const buckets = new TokenBuckets({ ...LIMITS, places: 64 });
  const spend = (key: string) => Array.from({ length: 4 }, () => buckets.take(key, 0)).filter(Boolean).length;
  const keys = Array.from({ length: 1_000 }, (_, key) => String(key));
  // Each displaces another, and is not slowed by it.
  expect(new Set(keys.map(spend))).toEqual(new Set([3]));
  const spent = keys.toReversed().filter((key) => !buckets.take(key, 0));
  expect(spent.length).toBeGreaterThan(0);
  expect(spent.length).toBeLessThanOrEqual(64);
});

it('has few of a rack share a place', () => {
  const buckets = new TokenBuckets(LIMITS);
  const macs = Array.from({ length: 1_000 }, (_, number) => `525400${number.toString(16).padStart(6, '0')} 0.0.0.0`);
  for (const mac of macs) for (let times = 0; times < 3; times += 1) buckets.take(mac, 0);
  // With 32,768 places, 15 pairs are to be expected, and 60 would be eleven standard deviations more.
  expect(macs.filter((mac) => buckets.take(mac, 0)).length).toBeLessThan(60);
});
