import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { OCI_MANIFEST } from '../../src/oci/media-type.js';
import { startFakeRegistry } from '../fakes/registry.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { kernelIn, scriptFrom, serve } from '../fixtures/serving.js';
import { run } from '../setup/command.js';
import { skopeoProgram } from '../setup/parts.js';
import { payloadFiles } from '../setup/payload.js';
import { type Registry, startRegistry } from '../setup/registry.js';
import { PROGRAM } from '../setup/server.js';

/** The program as built, Debian's docker-registry, and skopeo. */
let registry: Registry;
let image = '';
let digest = '';

beforeAll(async () => {
  registry = await startRegistry();
  image = `${registry.host}/os/test:1`;
  await buildTestImage(image, ['amd64', 'arm64']);
  digest = (await json<{ digest: string }>('image', 'inspect', '--plain-http', image)).digest;
});

afterAll(() => registry.stop());

async function json<T>(...args: readonly string[]): Promise<T> {
  const { status, out, err } = await bootlayer([...args, '--json']);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${err}`);
  return JSON.parse(out) as T;
}

type Copied = { readonly digest: string; readonly blobs: readonly { readonly how: string }[] };
const push = async (from: string, to: string) => {
  const copied = await json<Copied>('image', 'push', '--plain-http', from, to);
  return { digest: copied.digest, how: [...new Set(copied.blobs.map(({ how }) => how))] };
};

const verified = async (reference: string) => bootlayer(['image', 'verify', '--plain-http', reference]);

async function skopeo(...args: readonly string[]): Promise<string> {
  const home = await temporaryFolder();
  const { command, env } = skopeoProgram(home);
  return run(command, ['--insecure-policy', ...args], { cwd: home, env });
}

it('shows what a UKI holds, of which it receives its beginning alone', async () => {
  const { uki, kernel } = payloadFiles('amd64');
  const name = `${registry.host}/os/uki:1`;
  const built = await bootlayer(['image', 'build', '--plain-http', '--platform', 'linux/amd64', '--uki', uki, name]);
  expect(built.status, built.err).toBe(0);
  const { out } = await bootlayer(['image', 'inspect', '--plain-http', name]);
  expect(out).toMatch(/^uki {5}.*, kernel \d+\.\d+.*, amd64$/m);
  expect(out).toMatch(/^uki {5}not signed: /m);
  expect(out).toMatch(/^uki {5}kernel [\d.]+ MiB, initramfs [\d.]+ [KM]iB$/m);
  expect(out).toMatch(/^uki {5}cmdline .*mark=uki$/m);
  type Inspected = { manifests: readonly { uki: { uki: { profiles: readonly { linux: { length: number } }[] } } }[] };
  const told = await json<Inspected>('image', 'inspect', '--plain-http', name);
  expect(told.manifests[0]?.uki.uki.profiles[0]?.linux.length).toBe((await stat(kernel)).size);
});

describe('bootlayer image push', () => {
  it('copies between registries and layouts, and the image stays the same', async () => {
    const folder = await temporaryFolder();
    const sent = { digest, how: ['sent'] };
    expect(await push(image, `oci:${folder}:2`)).toEqual(sent);
    expect(await push(`oci:${folder}:2`, `${registry.host}/copies/sent`)).toEqual({ ...sent, how: ['sent'] });
    const { status, out, err } = await verified(`${registry.host}/copies/sent:2`);
    expect({ status, err: err.includes('warning') }).toEqual({ status: 0, err: false });
    expect(out).toContain(`${registry.host}/copies/sent:2@${digest}`);
    expect(out).toContain('3 documents and ');
  });

  it('sends nothing between repositories of one registry', async () => {
    expect(await push(image, `${registry.host}/copies/mounted:1`)).toEqual({ digest, how: ['mounted'] });
    expect(await push(image, `${registry.host}/copies/mounted:again`)).toEqual({ digest, how: ['there'] });
    expect((await verified(`${registry.host}/copies/mounted:again`)).status).toBe(0);
  });

  it('goes on where it was interrupted', async () => {
    const [first, second] = [blobOf(100_000), blobOf(200_000, 1)];
    const source = await startFakeRegistry();
    source.addImage('os', { kernel: first.bytes, initramfs: second.bytes }, OCI_MANIFEST);
    source.answer(
      second.descriptor.digest,
      (response) => {
        response.writeHead(200, { 'content-length': second.bytes.length });
        response.write(second.bytes.subarray(0, 50_000));
      },
      1,
    );
    const to = `${registry.host}/copies/interrupted:1`;
    const child = spawn(process.execPath, [PROGRAM, 'image', 'push', '--plain-http', `${source.host}/os:1`, to]);
    const said: string[] = [];
    child.stderr.on('data', (data: Buffer) => void said.push(data.toString()));
    await expect.poll(() => said.join('')).toContain('kernel');
    child.kill('SIGINT');
    const [status] = (await once(child, 'close')) as [number];
    expect([status, said.join('')]).toEqual([1, expect.stringContaining('ended by SIGINT')]);
    expect((await verified(to)).err).toContain('has no manifest 1');
    const { blobs } = await json<Copied>('image', 'push', '--plain-http', `${source.host}/os:1`, to);
    expect(blobs.map(({ how }) => how).sort()).toEqual(['sent', 'there', 'there']);
    expect((await verified(to)).status).toBe(0);
  });
});

describe('skopeo', () => {
  it('reads what we wrote, from a registry and from a layout', async () => {
    const folder = await temporaryFolder();
    await push(image, `oci:${folder}:1`);
    for (const from of [`docker://${image}`, `oci:${folder}:1`]) {
      const copy = await temporaryFolder();
      await skopeo(
        'copy',
        '--all',
        ...(from.startsWith('docker') ? ['--src-tls-verify=false'] : []),
        from,
        `oci:${copy}:x`,
      );
      const { status, out } = await verified(`oci:${copy}:x`);
      expect([status, out]).toEqual([0, expect.stringContaining(digest)]);
    }
  });

  it('writes what we read, to a registry and to a layout', async () => {
    const folder = await temporaryFolder();
    await skopeo('copy', '--all', '--src-tls-verify=false', `docker://${image}`, `oci:${folder}:x`);
    await skopeo(
      'copy',
      '--all',
      '--dest-tls-verify=false',
      `oci:${folder}:x`,
      `docker://${registry.host}/skopeo/os:1`,
    );
    expect(await push(`oci:${folder}:x`, `${registry.host}/copies/skopeo:1`)).toMatchObject({ digest });
    expect(await push(`${registry.host}/skopeo/os:1`, `oci:${await temporaryFolder()}:1`)).toEqual({
      digest,
      how: ['sent'],
    });
    const config = await writeConfiguration(await temporaryFolder(), {
      assignments: [`{ name: all, match: {}, image: "oci:${folder}:x" }`],
    });
    const { server } = await serve(config);
    const kernel = await kernelIn(await scriptFrom(server, 'mac=52-54-00-00-00-01&buildarch=arm64'));
    expect(kernel.byteLength).toBe((await stat(payloadFiles('arm64').kernel)).size);
  });
});

describe('bootlayer image verify', () => {
  it('names what is damaged, and fails', async () => {
    const folder = await temporaryFolder();
    await push(image, `oci:${folder}:1`);
    const blobs = join(folder, 'blobs/sha256');
    const sizes = await Promise.all(
      (await readdir(blobs)).map(async (name) => ({ name, size: (await stat(join(blobs, name))).size })),
    );
    const largest = sizes.toSorted((a, b) => b.size - a.size)[0] ?? { name: '', size: 0 };
    await writeFile(join(blobs, largest.name), Buffer.alloc(largest.size));
    const { status, out, err } = await verified(`oci:${folder}:1`);
    expect(status).toBe(1);
    expect(out).toContain(`blob sha256:${largest.name}`);
    expect(err).toContain('is not whole: 1 problem; push the image again');
    await push(image, `oci:${folder}:1`);
    expect((await verified(`oci:${folder}:1`)).status).toBe(0);
  });
});

describe('bootlayer image pull', () => {
  const KERNEL = blobOf(8 * 1024 * 1024);
  const INITRAMFS = blobOf(1_000, 1);

  async function setUp() {
    const source = await startFakeRegistry({ ranges: true });
    source.addImage('os', { kernel: KERNEL.bytes, initramfs: INITRAMFS.bytes });
    const folder = await temporaryFolder();
    const file = await writeConfiguration(folder, {
      plainHttp: [source.host],
      assignments: [`{ name: all, match: {}, image: "${source.host}/os:1" }`],
    });
    await writeFile(file, 'cache: { prefetch: false }\n', { flag: 'a' });
    const asked = () => source.requests.filter(({ path }) => path.endsWith(KERNEL.descriptor.digest));
    return { source, folder, file, reference: `${source.host}/os:1`, asked };
  }

  it('fills the cache of a server that runs, which asks for nothing any more but how a kernel begins', async () => {
    const { file, reference, asked } = await setUp();
    const { server } = await serve(file);
    const { status, out, err } = await bootlayer(['image', 'pull', '-c', file, reference]);
    expect(status).toBe(0);
    expect(out).toContain('2 blobs, 8.0 MiB downloaded, in ');
    expect(err).toContain(`${reference}: kernel `);
    expect((await kernelIn(await scriptFrom(server))).equals(KERNEL.bytes)).toBe(true);
    expect(asked()).toHaveLength(2);
    expect((await bootlayer(['image', 'pull', '-c', file, reference])).out).toContain('2 blobs, 0 B downloaded');
  });

  it('goes on with what a killed one left, and leaves what another is writing', async () => {
    const { source, folder, file, reference, asked } = await setUp();
    const half = KERNEL.bytes.length / 2;
    source.answer(
      KERNEL.descriptor.digest,
      (response) => {
        response.writeHead(200, { 'content-length': KERNEL.bytes.length });
        response.write(KERNEL.bytes.subarray(0, half));
      },
      2,
    );
    const begin = () => spawn(process.execPath, [PROGRAM, 'image', 'pull', '-c', file, reference], { stdio: 'ignore' });
    const ingest = join(folder, 'data/cache/ingest');
    const sizes = async () => {
      const names = await readdir(ingest).catch(() => []);
      return Promise.all(names.map(async (name) => (await stat(join(ingest, name))).size));
    };
    const [killed, other] = [begin(), begin()];
    onTestFinished(() => void other.kill('SIGKILL'));
    await expect.poll(sizes, { timeout: 10_000 }).toEqual([expect.any(Number), expect.any(Number)]);
    await expect.poll(async () => Math.min(...(await sizes())), { timeout: 10_000 }).toBeGreaterThan(half / 2);
    killed.kill('SIGKILL');
    await once(killed, 'close');
    const { status, out } = await bootlayer(['image', 'pull', '-c', file, reference]);
    expect([status, out]).toEqual([0, expect.stringContaining('2 blobs, 8.0 MiB downloaded')]);
    const [, , range = ''] = asked().map(({ headers }) => headers.range);
    expect(Number(/^bytes=(\d+)-$/.exec(range)?.[1])).toBeGreaterThan(half / 2);
    expect(await sizes()).toHaveLength(1);
    expect((await bootlayer(['cache', 'verify', '-c', file])).status).toBe(0);
  });

  it('says what is wrong with the source, and leaves nothing wrong', async () => {
    const { source, file, reference, folder } = await setUp();
    source.blobs.set(KERNEL.descriptor.digest, damaged(KERNEL.bytes, 77));
    const { status, err } = await bootlayer(['image', 'pull', '-c', file, reference]);
    expect(status).toBe(1);
    expect(err).toContain('what came has the digest');
    expect(await readdir(join(folder, 'data/cache/blobs/sha256'))).not.toContain(KERNEL.descriptor.digest.slice(7));
  });

  it('says so when it may not write', async () => {
    const { file, reference, folder } = await setUp();
    await bootlayer(['image', 'pull', '-c', file, reference]);
    await writeFile(join(folder, 'file'), '');
    const env = { BOOTLAYER_DATA: join(folder, 'file') };
    const { status, err } = await bootlayer(['image', 'pull', '-c', file, reference], { env });
    expect([status, err]).toEqual([1, expect.stringContaining('file/cache')]);
  });
});
