import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { TerminalChanges } from '../../src/cli/live-screen.js';
import { LiveTable } from '../../src/cli/watch-live.js';

const AT = '2026-01-01T00:00:00.000Z';
const STEP = {
  event: 'script.sent',
  machine: 'node-01',
  at: AT,
  text: 'node-01 gets the script',
  boot: 'a',
  beganAt: AT,
};

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(AT) });
});
afterEach(() => {
  vi.useRealTimers();
});

async function table() {
  const written: string[] = [];
  let changes: TerminalChanges | undefined;
  const made = new LiveTable('http://127.0.0.1:8081', {
    write: (text) => void written.push(text),
    room: () => ({ columns: 80, lines: 10 }),
    onChange: (wanted) => {
      changes = wanted;
      return () => {
        changes = undefined;
      };
    },
  });
  await made.opened(async () => ({ boots: [] }), 0);
  return { made, written, changes: () => changes };
}

it('is drawn five times a second at most, however much happens, and each second when nothing does', async () => {
  const { made, written } = await table();
  expect(written).toHaveLength(1);
  for (let milliseconds = 0; milliseconds < 1_000; milliseconds += 1) {
    made.step({ ...STEP, machine: `node-${milliseconds}` });
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(written).toHaveLength(1 + 5);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(written).toHaveLength(1 + 5 + 3);
});

it('gives the terminal away while it is stopped, and when it ends', async () => {
  const { made, written, changes } = await table();
  made.step(STEP);
  changes()?.suspended();
  expect(written.at(-1)).toMatch(/1049l$/);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.at(-1)).toMatch(/1049l$/);
  changes()?.resumed();
  expect(written.at(-1)).toContain('gets the script');
  made.close();
  expect(written.slice(-3).join('')).toMatch(/^1 machine.*\n.*\nnode-01 .*gets the script\n$/s);
  expect(changes()).toBeUndefined();
  const before = written.length;
  made.close();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(written).toHaveLength(before);
});
