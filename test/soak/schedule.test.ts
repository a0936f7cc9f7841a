import { describe, expect, it } from 'vitest';
import { scheduleOf } from './schedule.js';

const HOUR = 3_600_000;

describe('what befalls the server', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(scheduleOf({ seed: 7, milliseconds: HOUR })).toEqual(scheduleOf({ seed: 7, milliseconds: HOUR }));
    expect(scheduleOf({ seed: 8, milliseconds: HOUR })).not.toEqual(scheduleOf({ seed: 7, milliseconds: HOUR }));
  });

  it.each([60_000, 180_000, HOUR])('is all of it, within the time, in order: %s ms', (milliseconds) => {
    const planned = scheduleOf({ seed: 1, milliseconds });
    const deeds = new Set(planned.map(({ deed }) => deed));
    expect(deeds.size).toBe(10);
    const times = planned.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(Math.max(...times)).toBeLessThan(milliseconds * 1.1);
  });

  it('leaves the last half of an hour to one life of the server', () => {
    const ends = scheduleOf({ seed: 1, milliseconds: HOUR }).filter(
      ({ deed }) => deed === 'kill' || deed === 'restart',
    );
    expect(ends).toHaveLength(8);
    expect(Math.max(...ends.map(({ at }) => at))).toBeLessThan(HOUR / 2);
  });
});
