import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.js';
import { blobOf } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { kernelIn, scriptFrom, serve } from '../fixtures/serving.js';

/** A registry that fails in the middle, and the program as built. */
const KERNEL = blobOf(8 * 1024 * 1024);
const INITRAMFS = blobOf(1_000, 1);
const HALF = 4 * 1024 * 1024;

async function withImage(ranges: boolean) {
  const registry = await startFakeRegistry({ ranges });
  registry.addImage('os', { kernel: KERNEL.bytes, initramfs: INITRAMFS.bytes });
  return registry;
}

/** Sends half of the kernel, and then nothing, or hangs up: to who asks how it begins, and to who downloads it. */
function sendHalf(registry: FakeRegistry, then: 'hang' | 'hang up'): void {
  registry.answer(
    KERNEL.descriptor.digest,
    (response) => {
      response.writeHead(200, { 'content-length': KERNEL.bytes.length });
      response.write(KERNEL.bytes.subarray(0, HALF), () => then === 'hang up' && response.destroy());
    },
    2,
  );
}

async function serveImage(registry: FakeRegistry, folder: string) {
  const config = await writeConfiguration(folder, {
    plainHttp: [registry.host],
    assignments: [`{ name: all, match: {}, image: "${registry.host}/os:1" }`],
  });
  const { server, log } = await serve(config);
  const script = () => scriptFrom(server);
  const kernel = async () => kernelIn(await script());
  const told = () => log.filter(({ event }) => event?.startsWith('fill.') && event !== 'fill.started');
  return { server, script, kernel, told };
}

const rangesAsked = (registry: FakeRegistry) =>
  registry.requests.filter(({ path }) => path.endsWith(KERNEL.descriptor.digest)).map(({ headers }) => headers.range);

describe('a download that is interrupted', () => {
  it.each([true, false])('by the registry goes on under the reader (the registry knows ranges: %s)', async (ranges) => {
    const registry = await withImage(ranges);
    sendHalf(registry, 'hang up');
    const { kernel, told } = await serveImage(registry, await temporaryFolder());
    expect((await kernel()).equals(KERNEL.bytes)).toBe(true);
    expect(rangesAsked(registry)).toEqual([undefined, undefined, `bytes=${HALF}-`]);
    await expect.poll(() => told().map(({ event }) => event)).toContain('fill.resumed');
  });

  it('by a kill goes on after the next start, with what there is', async () => {
    const registry = await withImage(true);
    sendHalf(registry, 'hang');
    const folder = await temporaryFolder();
    const first = await serveImage(registry, folder);
    await first.script();
    const ingest = join(folder, 'data/cache/ingest');
    const received = async () => {
      const [name = ''] = await readdir(ingest);
      return (await stat(join(ingest, name))).size;
    };
    await expect.poll(received).toBeGreaterThan(HALF / 2);
    first.server.process.kill('SIGKILL');
    await first.server.process.ended;
    const second = await serveImage(registry, folder);
    expect((await second.kernel()).equals(KERNEL.bytes)).toBe(true);
    // Each server asks how the kernel begins, too.
    const range = rangesAsked(registry).find((asked) => asked !== undefined) ?? '';
    expect(Number(/^bytes=(\d+)-$/.exec(range)?.[1])).toBeGreaterThan(HALF / 2);
    await expect.poll(() => second.told().map(({ reason }) => reason)).toContain('an earlier download ended there');
    expect(await readdir(ingest)).toEqual([]);
  });
});
