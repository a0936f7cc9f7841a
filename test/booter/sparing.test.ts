import { expect, it } from 'vitest';
import { Sparing } from '../../src/booter/sparing.js';

function sparing() {
  let now = 0;
  const made = new Sparing(2, 1_000, () => now);
  const allowed = (key: string, times: number) => Array.from({ length: times }, () => made.allows(key));
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { allowed, pass };
}

it('allows so many within so long for each key', () => {
  const { allowed, pass } = sparing();
  expect(allowed('a', 3)).toEqual([true, true, false]);
  pass(999);
  expect([allowed('a', 1), allowed('b', 1)]).toEqual([[false], [true]]);
  pass(1);
  expect(allowed('a', 3)).toEqual([true, true, false]);
});

it('forgets the oldest keys of very many', () => {
  const { allowed } = sparing();
  expect(allowed('first', 3)).toEqual([true, true, false]);
  for (let key = 0; key < 2_000; key += 1) allowed(String(key), 1);
  expect(allowed('1999', 2)).toEqual([true, false]);
  expect(allowed('first', 1)).toEqual([true]);
});
