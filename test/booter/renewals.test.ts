import { expect, it } from 'vitest';
import { RENEWAL_MILLISECONDS, Renewals } from '../../src/booter/renewals.js';
import { digestOf } from '../../src/oci/digest.js';

const plan = (name: string) => digestOf(Buffer.from(name));

it('is due at first, after a while, and when the clock was set back', () => {
  const renewals = new Renewals();
  expect(renewals.isDue(plan('a'), 1_000)).toBe(true);
  renewals.written(plan('a'), 1_000);
  expect(renewals.isDue(plan('b'), 1_000)).toBe(true);
  expect(
    [999, 1_000, 999 + RENEWAL_MILLISECONDS, 1_000 + RENEWAL_MILLISECONDS].map((now) => renewals.isDue(plan('a'), now)),
  ).toEqual([true, false, false, true]);
});

it('forgets the oldest when there are too many', () => {
  const renewals = new Renewals();
  for (let number = 0; number < 20_001; number += 1) renewals.written(plan(String(number)), 0);
  expect([renewals.isDue(plan('0'), 0), renewals.isDue(plan('1'), 0)]).toEqual([true, false]);
});
