import { expect, it } from 'vitest';
import { RecentMap } from '../src/recent-map.js';

it('knows what was set last, and forgets the rest', () => {
  const map = new RecentMap<number, string>(10);
  for (let key = 0; key < 1_000; key += 1) map.set(key, `of ${key}`);
  const known = Array.from({ length: 1_000 }, (_, key) => key).filter((key) => map.get(key) !== undefined);
  expect(known.length).toBeGreaterThanOrEqual(10);
  expect(known.length).toBeLessThanOrEqual(20);
  expect(known).toEqual(Array.from({ length: known.length }, (_, position) => 1_000 - known.length + position));
  expect(map.get(999)).toBe('of 999');
});

it('keeps what is set again and again, as it was set last', () => {
  const map = new RecentMap<string, number>(10);
  for (let turn = 0; turn < 100; turn += 1) {
    map.set('kept', turn);
    map.set(`other ${turn}`, turn);
    expect(map.get('kept')).toBe(turn);
  }
});

it('makes what is not there, once', () => {
  const map = new RecentMap<string, number>(2);
  let made = 0;
  const make = () => {
    made += 1;
    return made;
  };
  expect([map.kept('a', make), map.kept('a', make), map.kept('b', make), map.get('a')]).toEqual([1, 1, 2, 1]);
});

it('forgets what is deleted, however long it was there', () => {
  const map = new RecentMap<string, number>(2);
  for (const key of ['old', 'b', 'young']) map.set(key, 1);
  for (const key of ['old', 'young', 'never']) map.delete(key);
  expect(['old', 'b', 'young'].map((key) => map.get(key))).toEqual([undefined, 1, undefined]);
});
