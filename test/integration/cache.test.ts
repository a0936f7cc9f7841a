import { once } from 'node:events';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { blobPath } from '../../src/blob/layout.js';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';
import { scriptFrom, serve } from '../fixtures/serving.js';

/** The cache of the program as built: what comes ahead of need, what is looked after, and what goes. */
const KERNEL = blobOf(100_000);
const INITRAMFS = blobOf(1_000, 1);
const SQUASHFS = blobOf(300_000, 2);
const OTHERS = blobOf(50_000, 3);

async function registryWithImages(): Promise<FakeRegistry> {
  const registry = await startFakeRegistry();
  registry.addImage('os', { kernel: KERNEL.bytes, initramfs: INITRAMFS.bytes, squashfs: SQUASHFS.bytes });
  registry.addImage('others', { kernel: OTHERS.bytes, initramfs: INITRAMFS.bytes });
  registry.addImage('small', { kernel: INITRAMFS.bytes, initramfs: INITRAMFS.bytes });
  return registry;
}

const imageOf = (registry: FakeRegistry, repository: string) =>
  `{ name: ${repository}, match: { arch: amd64 }, image: "${registry.host}/${repository}:1" }`;

async function setUp() {
  const registry = await registryWithImages();
  const folder = await temporaryFolder();
  const map = (...assignments: readonly string[]) =>
    writeConfiguration(folder, { plainHttp: [registry.host], assignments });
  const blobs = join(folder, 'data/cache/blobs/sha256');
  const held = async () => (await readdir(blobs)).map((hex) => `sha256:${hex}`).sort();
  return { registry, folder, map, held };
}

const digests = (...blobs: readonly (typeof KERNEL)[]) =>
  blobs.map(({ descriptor }) => String(descriptor.digest)).sort();

describe('the cache of a server', () => {
  it('has what is mapped before a machine asks, also the root file system', async () => {
    const { registry, map, held } = await setUp();
    await serve(await map(imageOf(registry, 'os')));
    await expect.poll(held).toEqual(digests(KERNEL, INITRAMFS, SQUASHFS));
  });

  it('has nothing before that where the configuration says so', async () => {
    const { registry, map, held } = await setUp();
    const config = await map(imageOf(registry, 'os'));
    await writeFile(config, 'cache: { prefetch: false }\n', { flag: 'a' });
    const { server, log } = await serve(config);
    await expect.poll(() => log.some(({ event }) => event === 'image.resolved')).toBe(true);
    await scriptFrom(server);
    await expect.poll(held).toEqual(digests(KERNEL, INITRAMFS));
  });

  it('loses what is damaged on the disk, says so, and gets it again', async () => {
    const { registry, folder, map, held } = await setUp();
    const config = await map(imageOf(registry, 'os'));
    const first = await serve(config);
    await expect.poll(held).toHaveLength(3);
    expect(await first.server.stop()).toBe(0);
    const file = join(folder, 'data/cache', blobPath(SQUASHFS.descriptor.digest));
    await chmod(file, 0o644);
    await writeFile(file, damaged(SQUASHFS.bytes, 1_000));
    const { log } = await serve(config);
    const told = () => log.filter(({ event }) => event === 'blob.damaged' || event === 'fill.finished');
    await expect.poll(() => told().map(({ event }) => event)).toEqual(['blob.damaged', 'fill.finished']);
    expect(told()[0]).toMatchObject({ digest: SQUASHFS.descriptor.digest });
    expect(await bootlayer(['cache', 'verify', '-c', config])).toMatchObject({ status: 0 });
  });
});

describe('bootlayer cache gc', () => {
  it('has a running server remove what nothing needs', async () => {
    const { registry, map, held } = await setUp();
    const config = await map(imageOf(registry, 'os'), imageOf(registry, 'others'));
    const { server } = await serve(config);
    await expect.poll(held).toHaveLength(4);
    await map(imageOf(registry, 'others'));
    server.process.kill('SIGHUP');
    const gc = (...more: readonly string[]) =>
      bootlayer(['cache', 'gc', '-c', config, '--json', ...more], { env: { BOOTLAYER_API_LISTEN: server.api } });
    const removed = async (...more: readonly string[]) => {
      const { out } = await gc(...more);
      const answer = JSON.parse(out || '{}') as { removed?: { digest: string }[] };
      return answer.removed?.map(({ digest }) => digest).sort();
    };
    await expect.poll(() => removed('--dry-run'), { timeout: 20_000 }).toEqual(digests(KERNEL, SQUASHFS));
    expect(await held()).toHaveLength(4);
    expect(await removed()).toEqual(digests(KERNEL, SQUASHFS));
    expect(await held()).toEqual(digests(INITRAMFS, OTHERS));
  });

  it('does the same where no server runs, and keeps what an issued plan names', async () => {
    const { registry, map, held } = await setUp();
    const config = await map(imageOf(registry, 'os'), imageOf(registry, 'others'));
    const { server } = await serve(config);
    await scriptFrom(server);
    await expect.poll(held).toHaveLength(4);
    expect(await server.stop()).toBe(0);
    await map(imageOf(registry, 'small'));
    const { status, out, err } = await bootlayer(['cache', 'gc', '-c', config]);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toContain(`${OTHERS.descriptor.digest}  48.8 KiB  blob`);
    expect(out).toContain('1 file, 48.8 KiB, removed, in ');
    expect(await held()).toEqual(digests(KERNEL, INITRAMFS, SQUASHFS));
  });

  it('removes nothing while it is not known what an image needs, unless told to', async () => {
    const { registry, map, held } = await setUp();
    const config = await map(imageOf(registry, 'others'));
    const { server } = await serve(config);
    await expect.poll(held).toHaveLength(2);
    expect(await server.stop()).toBe(0);
    await map(imageOf(registry, 'nothing-there'));
    const { status, err } = await bootlayer(['cache', 'gc', '-c', config]);
    expect(status).toBe(1);
    expect(err).toContain(`what ${registry.host}/nothing-there:1 needs is not known; bootlayer check says`);
    expect(await held()).toHaveLength(2);
    expect(await bootlayer(['cache', 'gc', '--force', '-c', config])).toMatchObject({ status: 0, err: '' });
    expect(await held()).toEqual([]);
  });

  it('removes nothing when no image is mapped, which looks like a mishap, unless told to', async () => {
    const { registry, map, held } = await setUp();
    const config = await map(imageOf(registry, 'others'));
    const { server } = await serve(config);
    await expect.poll(held).toHaveLength(2);
    expect(await server.stop()).toBe(0);
    await map();
    const { status, err } = await bootlayer(['cache', 'gc', '-c', config]);
    expect(status).toBe(1);
    expect(err).toContain(
      'no image is mapped, so that nothing would stay; see that the configuration has its assignments',
    );
    expect(await held()).toHaveLength(2);
    expect(await bootlayer(['cache', 'gc', '--force', '-c', config])).toMatchObject({ status: 0 });
    expect(await held()).toEqual([]);
  });

  it('leaves a cache alone that a server has which it cannot ask', async () => {
    const { registry, map, held } = await setUp();
    const config = await map(imageOf(registry, 'others'));
    await serve(config);
    await expect.poll(held).toHaveLength(2);
    const { status, err } = await bootlayer(['cache', 'gc', '-c', config]);
    expect(status).toBe(1);
    expect(err).toContain('state.db');
    expect(err).toContain('set api.listen to where it listens, or end it');
    expect(await held()).toHaveLength(2);
  });

  it('does it itself where something else answers at that port, or the server of another cache', async () => {
    const { registry, map } = await setUp();
    const config = await map(imageOf(registry, 'others'));
    expect((await bootlayer(['cache', 'gc', '-c', config])).out).toContain('there is no cache yet');
    const { server } = await serve(config);
    expect(await server.stop()).toBe(0);
    for (const [status, body] of [
      [500, '<html>'],
      [200, 'null'],
      // A server of ours, with another cache.
      [404, '{"error":{"code":"NOT_FOUND","message":"it is not mine"}}'],
    ] as const) {
      const stranger = createServer((_request, response) => response.writeHead(status).end(body));
      onTestFinished(() => void stranger.close());
      await once(stranger.listen(0, '127.0.0.1'), 'listening');
      const { port } = stranger.address() as AddressInfo;
      const env = { BOOTLAYER_API_LISTEN: `127.0.0.1:${port}` };
      expect(await bootlayer(['cache', 'gc', '-c', config], { env })).toMatchObject({ status: 0, err: '' });
    }
  });
});
