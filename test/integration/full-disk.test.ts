import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.js';
import { blobOf } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { kernelIn, scriptFrom, serve } from '../fixtures/serving.js';

/** The program as built, whose data lies on a disk of its own that is too small. */
const MIB = 1024 * 1024;
const DISK = 24 * MIB;
const INITRAMFS = blobOf(1_000, 1);
const SMALL = blobOf(MIB, 2);
const OLD = blobOf(10 * MIB, 3);
const NEW = blobOf(14 * MIB, 4);

async function registryWith(kernels: Readonly<Record<string, Buffer>>): Promise<FakeRegistry> {
  const registry = await startFakeRegistry();
  for (const [repository, kernel] of Object.entries(kernels)) {
    registry.addImage(repository, { kernel, initramfs: INITRAMFS.bytes });
  }
  return registry;
}

/** Machines of that last MAC octet boot that repository. */
async function setUp(kernels: Readonly<Record<string, Buffer>>, more: readonly string[] = []) {
  const registry = await registryWith(kernels);
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  await mkdir(data);
  const repositories = Object.keys(kernels);
  const mac = (repository: string) => `52:54:00:00:00:0${repositories.indexOf(repository)}`;
  const map = (...mapped: readonly string[]) =>
    writeConfiguration(folder, {
      plainHttp: [registry.host],
      more,
      assignments: mapped.map(
        (repository) =>
          `{ name: ${repository}, match: { mac: "${mac(repository)}" }, image: "${registry.host}/${repository}:1" }`,
      ),
    });
  const mount = `mount -t tmpfs -o size=${DISK} tmpfs "$0" && exec "$@"`;
  const within = ['unshare', '--mount', '--user', '--map-root-user', 'sh', '-c', mount, data];
  const start = async (config: string) => {
    const { server, log } = await serve(config, { within });
    /** The server's disk as seen from outside. */
    const disk = join('/proc', String(server.process.pid), 'root', data);
    const boot = async (repository: string) =>
      kernelIn(await scriptFrom(server, `mac=${mac(repository)}&buildarch=x86_64`));
    const told = (event: string) => log.filter((line) => line.event === event);
    return { server, disk, boot, told };
  };
  return { map, start };
}

describe('a disk that fills up', () => {
  it('is freed within the download of what nothing needs', async () => {
    const { map, start } = await setUp({ small: SMALL.bytes, old: OLD.bytes, new: NEW.bytes });
    const { server, disk, boot, told } = await start(await map('small'));
    expect((await boot('small')).equals(SMALL.bytes)).toBe(true);
    // As if an image had been there that nothing leads to any more.
    await writeFile(join(disk, 'cache/blobs/sha256', OLD.descriptor.digest.slice('sha256:'.length)), OLD.bytes);
    await map('small', 'new');
    server.process.kill('SIGHUP');
    await expect.poll(() => told('mapping.reloaded')).toHaveLength(1);
    expect((await boot('new')).equals(NEW.bytes)).toBe(true);
    await expect.poll(() => told('blob.evicted').map(({ digest }) => digest)).toEqual([OLD.descriptor.digest]);
    expect(told('fill.failed')).toEqual([]);
  });

  it('is told of, boots others, and takes the download when there is room again, without a restart', async () => {
    // Nothing is there before a machine asks: else there may be no room for the ballast.
    const { map, start } = await setUp({ small: SMALL.bytes, new: NEW.bytes }, ['cache: { prefetch: false }']);
    const { server, disk, boot, told } = await start(await map('small', 'new'));
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, Buffer.alloc(12 * MIB));
    await expect(boot('new')).rejects.toThrow('terminated');
    await expect
      .poll(() => told('fill.failed').at(-1))
      .toMatchObject({
        code: 'DISK_FULL',
        digest: NEW.descriptor.digest,
        reason: expect.stringContaining('ENOSPC') as unknown,
      });
    await expect
      .poll(() => told('boot.finding'))
      .toMatchObject([{ finding: 'disk-full', remedy: expect.stringContaining('make room on the disk') as unknown }]);
    expect((await boot('small')).equals(SMALL.bytes)).toBe(true);
    await rm(ballast);
    expect((await boot('new')).equals(NEW.bytes)).toBe(true);
    expect(await server.stop()).toBe(0);
    expect(told('fault')).toEqual([]);
  });

  it('that has no room at all, not even for the plan, keeps no machine from booting what is there', async () => {
    const { map, start } = await setUp({ small: SMALL.bytes });
    const { disk, boot, told } = await start(await map('small'));
    // Ahead of need: the machine has no plan yet.
    await expect.poll(() => told('fill.finished')).toHaveLength(2);
    await expect(writeFile(join(disk, 'ballast'), Buffer.alloc(DISK))).rejects.toThrow('ENOSPC');
    expect((await boot('small')).equals(SMALL.bytes)).toBe(true);
    await expect.poll(() => told('plan.unsaved')).toHaveLength(1);
    expect(told('fault')).toEqual([]);
  });

  it('that has no room for boots boots machines, says what is lost, and has their records whole once there is room', async () => {
    const { map, start } = await setUp({ small: SMALL.bytes });
    const { server, disk, boot, told } = await start(await map('small'));
    await expect.poll(() => told('fill.finished')).toHaveLength(2);
    const ballast = join(disk, 'ballast');
    await expect(writeFile(ballast, Buffer.alloc(DISK))).rejects.toThrow('ENOSPC');
    // Until the log of the state, which has some room of its own, has none either.
    const boots = async () =>
      ((await (await fetch(`http://${server.api}/api/v1/boots?limit=1000`)).json()) as Told).boots;
    await expect
      .poll(async () => {
        for (let times = 0; times < 20; times += 1) expect((await boot('small')).equals(SMALL.bytes)).toBe(true);
        return told('journal.lost').length;
      })
      .toBeGreaterThan(0);
    expect((await fetch(`http://${server.api}/api/v1/state/backup`)).status).toBe(507);
    const before = (await boots()).length;
    await rm(ballast);
    expect((await boot('small')).equals(SMALL.bytes)).toBe(true);
    await expect.poll(async () => (await boots()).length).toBeGreaterThan(before);
    expect(told('fault')).toEqual([]);
    expect(await server.stop()).toBe(0);
  });
});

type Told = { readonly boots: readonly unknown[] };
