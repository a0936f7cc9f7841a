import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { kernelIn, scriptFrom, serve } from '../fixtures/serving.js';
import { program } from '../setup/parts.js';

/** What promtool would have otherwise, a line each. */
function complaints(text: string): readonly string[] {
  const { command, libraryPath } = program('promtool');
  const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
  const ran = spawnSync(command, ['check', 'metrics'], { input: text, encoding: 'utf8', timeout: 60_000, env });
  if (ran.error !== undefined) throw ran.error;
  const lines = `${ran.stdout}${ran.stderr}`.split('\n').filter((line) => line !== '');
  // It ends with 3 where it only complains, and with 1 where it cannot read that.
  expect(ran.status).toBe(lines.length === 0 ? 0 : 3);
  return lines;
}

it('tells metrics as promtool wants them, once machines have booted', async () => {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const { server } = await serve(
    await writeConfiguration(folder, { assignments: ['{ name: all, match: {}, image: "oci:image:1" }'] }),
  );
  await kernelIn(await scriptFrom(server));
  const metrics = async () => (await fetch(`http://${server.api}/metrics`)).text();
  await expect.poll(metrics).toContain('bootlayer_transfers_total{protocol="http",role="kernel",outcome="sent"} 1');
  const text = await metrics();
  for (const what of ['fills_total{outcome="failed"}', 'registry_requests_total{status="none"}'])
    expect(text).toContain(`\nbootlayer_${what} 0\n`);
  // Those of Node are prom-client's.
  expect(complaints(text).filter((line) => !/^(nodejs|process)_/.test(line))).toEqual([]);
  const wrong = text
    .replace('# HELP bootlayer_faults_total', '# HELP bootlayer_other')
    .replaceAll(/bootlayer_faults_total/g, 'bootlayer_faults');
  expect(complaints(wrong)).toContainEqual(expect.stringMatching(/^bootlayer_faults /));
});
