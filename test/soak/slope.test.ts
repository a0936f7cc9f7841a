import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastOfWindows, slopeAnHour } from './slope.js';

const MINUTE = 60_000;
const line = (count: number, a: number, b: number) =>
  Array.from({ length: count }, (_, index) => ({ at: index * MINUTE, value: a + b * index }));

describe('the slope of samples', () => {
  it('is that of a line', () => {
    expect(slopeAnHour(line(10, 100, 2))).toBeCloseTo(120);
    expect(slopeAnHour(line(10, 100, 0))).toBe(0);
    expect(slopeAnHour(line(10, 100, -1))).toBeCloseTo(-60);
  });

  it('is not moved by a few that are far off', () => {
    const samples = line(20, 100, 1).map((one, index) => (index % 7 === 3 ? { ...one, value: 1e9 } : one));
    expect(slopeAnHour(samples)).toBeGreaterThan(30);
    expect(slopeAnHour(samples)).toBeLessThan(120);
  });

  it('is none of less than two', () => {
    expect(slopeAnHour([])).toBeNaN();
    expect(slopeAnHour(line(1, 1, 1))).toBeNaN();
  });

  it('does not depend on the order of samples', () => {
    const samples = fc.array(fc.record({ at: fc.nat(), value: fc.nat() }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(samples, (some) => {
        expect(slopeAnHour(some.toReversed())).toBeCloseTo(slopeAnHour(some));
      }),
    );
  });
});

describe('the least of windows', () => {
  it('is the sample after each collection, without the window that is not over', () => {
    const sawtooth = Array.from({ length: 10 }, (_, index) => ({
      at: index * 10,
      value: 50 + (index % 3) * 10 + index,
    }));
    expect(leastOfWindows(sawtooth, 30)).toEqual([
      { at: 0, value: 50 },
      { at: 30, value: 53 },
      { at: 60, value: 56 },
    ]);
    expect(leastOfWindows([], 30)).toEqual([]);
  });

  it('shows growth that the samples hide', () => {
    const samples = Array.from({ length: 60 }, (_, index) => ({
      at: index * MINUTE,
      value: 1_000 + index + ((index * 37) % 10) * 100,
    }));
    expect(slopeAnHour(leastOfWindows(samples, 10 * MINUTE))).toBeCloseTo(60, -1);
  });
});
