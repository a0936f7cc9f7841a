import { expect, it } from 'vitest';
import { Pace } from '../../src/blob/pace.js';

const ALONE = { hasOther: false };
const OF_MANY = { hasOther: true };

it('gives up what trickles, and nothing that is merely slow', () => {
  const pace = new Pace();
  const after = (milliseconds: number, bytes: number) => pace.isTooSlow(bytes, milliseconds, ALONE);
  expect(after(59_000, 1)).toBe(false);
  expect(after(1_000, 70_000)).toBe(false);
  expect(after(30_000, 40_000)).toBe(false);
  expect(after(30_000, 40_000)).toBe(false);
  expect(after(59_000, 1)).toBe(false);
  expect(after(59_000, 1)).toBe(true);
});

it('takes an empty piece for a sign of life', () => {
  const pace = new Pace();
  for (let minute = 0; minute < 10; minute += 1) expect(pace.isTooSlow(0, 59_000, OF_MANY)).toBe(false);
  expect(pace.isTooSlow(1, 9_000, OF_MANY)).toBe(false);
  expect(pace.isTooSlow(1, 9_000, OF_MANY)).toBe(true);
});

it('gives up what is slow while another may be faster', () => {
  const pace = new Pace();
  expect(pace.isTooSlow(2_000_000, 9_000, OF_MANY)).toBe(false);
  expect(pace.isTooSlow(1, 1_000, OF_MANY)).toBe(false);
  expect(pace.isTooSlow(1_000_000, 10_000, OF_MANY)).toBe(true);
  expect(pace.isTooSlow(1_000_000, 50_000, ALONE)).toBe(false);
  expect(pace.isTooSlow(1, 1, OF_MANY)).toBe(true);
});
