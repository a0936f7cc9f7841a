import { expect, it, vi } from 'vitest';
import { systemClock } from '../src/clock.js';

it('tells work that is done from work that is late, and passes failures on', async () => {
  vi.useFakeTimers();
  try {
    expect(await systemClock.within(1000, Promise.resolve(7))).toEqual({ kind: 'done', value: 7 });
    await expect(systemClock.within(1000, Promise.reject(new Error('no')))).rejects.toThrow('no');
    const late = systemClock.within(1000, new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await late).toEqual({ kind: 'late' });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
