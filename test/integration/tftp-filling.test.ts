import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { hexOf } from '../../src/oci/digest.js';
import { startFakeRegistry } from '../fakes/registry.js';
import { blobOf } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { scriptFrom, serve } from '../fixtures/serving.js';
import { curl } from '../fixtures/tftp-clients.js';
import { gate } from '../fixtures/waiting.js';
import { ChildProcess } from '../setup/process.js';

const KERNEL = blobOf(8 * 1024 * 1024);
const HALF = 4 * 1024 * 1024;
/** What is kept back until the digest is proven, and what is on its way. */
const BEHIND = 1024 * 1024;

it('a client of TFTP gets what has arrived while the rest has not', async () => {
  const folder = await temporaryFolder();
  const registry = await startFakeRegistry();
  registry.addImage('os', { kernel: KERNEL.bytes, initramfs: blobOf(1_000, 1).bytes });
  const rest = gate();
  registry.answer(KERNEL.descriptor.digest, async (response) => {
    response.writeHead(200, { 'content-length': KERNEL.bytes.length });
    response.write(KERNEL.bytes.subarray(0, HALF));
    await rest.passed;
    response.end(KERNEL.bytes.subarray(HALF));
  });
  const assignments = [`{ name: all, match: {}, image: "${registry.host}/os:1" }`];
  const { server } = await serve(await writeConfiguration(folder, { plainHttp: [registry.host], assignments }));
  // Whatever is asked for is what a plan or a mapping leads to.
  await scriptFrom(server);

  const file = join(folder, 'fetched');
  const fetching = curl('--tftp-blksize', '1468');
  const { command, libraries } = fetching(
    portOf(server.tftp),
    `blobs/sha256/${hexOf(KERNEL.descriptor.digest)}/k`,
    file,
  );
  const [program = '', ...args] = command;
  const client = new ChildProcess(program, args, { name: 'curl', env: { ...process.env, LD_LIBRARY_PATH: libraries } });
  onTestFinished(async () => void (await client.stop()));
  const size = () =>
    stat(file).then(
      (found) => found.size,
      () => 0,
    );
  await expect.poll(size).toBeGreaterThan(HALF - BEHIND);
  expect(await size()).toBeLessThanOrEqual(HALF);
  rest.open();
  expect(await client.ended).toBe(0);
  expect((await readFile(file)).equals(KERNEL.bytes)).toBe(true);
});

function portOf(at: string): string {
  return at.split(':').at(-1) ?? '';
}
