import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../setup/command.js';

const BENCH = fileURLToPath(new URL('../bench/bench.js', import.meta.url));

it('runs every benchmark to its end and prints a ratio for each', async () => {
  const printed = await run(process.execPath, [BENCH, '--smoke']);
  expect(printed.match(/\bratio\b/g)?.length).toBeGreaterThanOrEqual(2);
  expect(printed).not.toMatch(/NaN|undefined|Infinity/);
});
