import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readSystemStart, uptime } from '../src/disk-system-start.js';

it('is the same for as long as the system runs, and another each time where that is not known', async () => {
  const known = await readSystemStart();
  expect(known).toMatch(/^[0-9a-f-]{36}$/);
  expect(await readSystemStart()).toBe(known);
  const unknown = await Promise.all(['/none', '/none'].map(readSystemStart));
  expect(new Set(unknown).size).toBe(2);
});

it('counts from the start of the system, and goes on', async () => {
  const before = uptime();
  const [seconds] = (await readFile('/proc/uptime', 'latin1')).split(' ').map(Number);
  // Those that it slept are not counted.
  expect(before / 1_000).toBeLessThan((seconds ?? 0) + 1);
  expect(before).toBeGreaterThan(0);
  expect(uptime()).toBeGreaterThan(before);
});
