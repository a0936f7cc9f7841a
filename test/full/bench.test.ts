import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../setup/command.js';

const BENCH = fileURLToPath(new URL('../bench/bench.js', import.meta.url));

it('runs every benchmark to its end and prints a ratio for each', async () => {
  const printed = await run(process.execPath, [BENCH, '--smoke']);
  // Selection, reload, what is left of reloads and changes.
  const mapping = 1 + 1 + 2;
  // Plans, without and with their scripts.
  const plan = 2;
  // Blobs hot and cold, whole and in parts, at three numbers of clients; small parts by one and by many, and scripts.
  const http = 2 * 2 * 3 + 2 + 1;
  // A blob that nginx sends for us, at three numbers of clients.
  const accel = 3;
  // Boots of an ISO.
  const sanboot = 1;
  // Two files, one block at a time and in windows, by one and by many.
  const tftp = 2 * 2 * 2;
  // Offers; whole exchanges, and how long their ends take.
  const dhcp = 1 + 2;
  // Pulls against four, the three figures of a herd, memory in two states.
  const cache = 4 + 3 + 2;
  // The first answer after a start, and memory afterwards.
  const start = 2;
  // What is asked of the API, each with how long others waited meanwhile.
  const entries = 11;
  const rows = printed.split('\n').filter((line) => /^ {2}.* -?\d[\d.]*$/.test(line));
  expect(rows).toHaveLength(mapping + plan + http + accel + sanboot + tftp + dhcp + cache + entries + start);
  // Counts, and no times: of ours exactly one.
  expect(printed).toMatch(/^ {2}fetched from the registry, times +1\.00 /m);
  expect(printed).not.toMatch(/NaN|undefined|Infinity/);
});
