import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../setup/command.js';

const BENCH = fileURLToPath(new URL('../bench/bench.js', import.meta.url));

it('runs every benchmark to its end and prints a ratio for each', async () => {
  const printed = await run(process.execPath, [BENCH, '--smoke']);
  // Selection, reload, what is left of reloads and changes, blobs at three numbers of clients, scripts.
  const rows = printed.split('\n').filter((line) => /^ {2}.* -?\d[\d.]*$/.test(line));
  expect(rows).toHaveLength(1 + 1 + 2 + 3 + 1);
  expect(printed).not.toMatch(/NaN|undefined|Infinity/);
});
