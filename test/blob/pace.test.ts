import { expect, it } from 'vitest';
import { Pace } from '../../src/blob/pace.js';

it('gives up what trickles, and nothing that is merely slow', () => {
  let now = 0;
  const pace = new Pace(() => now);
  const after = (milliseconds: number, bytes: number) => {
    now += milliseconds;
    return pace.isTooSlow(bytes);
  };
  expect(after(59_000, 1)).toBe(false);
  expect(after(1_000, 70_000)).toBe(false);
  expect(after(30_000, 40_000)).toBe(false);
  expect(after(30_000, 40_000)).toBe(false);
  expect(after(59_000, 1)).toBe(false);
  expect(after(59_000, 1)).toBe(true);
});
