import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ChildProcess } from '../setup/process.js';
import type { Report } from '../soak/report.js';

const SOAK = fileURLToPath(new URL('../soak/soak.js', import.meta.url));
const SECONDS = 60;
const MACHINES = 40;

it('soaks the server for a minute: nothing lost, nothing doubled, and every deed done', async () => {
  const args = ['--json', '--duration', `${SECONDS}s`, '--machines', String(MACHINES), '--pause', '8s', '--seed', '3'];
  const soak = new ChildProcess(process.execPath, [SOAK, ...args], { name: 'the soak' });
  const report = await soak.waitForLine(
    (line) => (line.startsWith('{') ? (JSON.parse(line) as Report) : undefined),
    600,
  );
  expect(report.violations).toEqual([]);
  expect(await soak.ended).toBe(0);
  expect(report.boots.all).toBeGreaterThan(MACHINES);
  expect(report.boots.judged).toBe(report.boots.all);
  expect(report.boots.blurred).toBeLessThan(report.boots.all);
  const deeds = ['registry.down', 'registry.up', 'push', 'restart', 'kill', 'reload', 'gc', 'loss.on', 'noise'];
  expect(Object.keys(report.deeds)).toEqual(expect.arrayContaining(deeds));
  for (const blow of ['lost', 'doubled', 'late', 'noise']) expect(report.blows[blow], blow).toBeGreaterThan(0);
  expect(report.told['boot.done']).toBeGreaterThan(0);
});
