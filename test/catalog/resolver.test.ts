import { beforeEach, describe, expect, it } from 'vitest';
import { Resolver } from '../../src/catalog/resolver.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { DOCKER_LIST, DOCKER_MANIFEST, IRONCORE_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.js';
import { parseReference } from '../../src/oci/reference.js';
import { FakeRepository } from '../fakes/image-repository.js';

const KERNEL = 'application/vnd.ironcore.image.kernel';
const INITRAMFS = 'application/vnd.ironcore.image.initramfs';
const CMDLINE = 'application/vnd.ironcore.image.cmdline';
const BOOTABLE = [KERNEL, INITRAMFS];

let repository: FakeRepository;

beforeEach(() => {
  repository = new FakeRepository();
});

const on = (architecture: string) => ({ platform: { os: 'linux', architecture } });

function resolve(architecture = 'amd64', { name = ':12', variant = 'metal' } = {}): Promise<ResolvedImage> {
  const reference = parseReference(`registry.lab:5000/os/debian${name}`);
  const wish = { os: 'linux', architecture, variant } as const;
  return new Resolver(repository, (wanted) => repository.fetchDocument(wanted), reference, wish).resolve();
}

describe('Resolver', () => {
  it('follows an index to the manifest of the architecture', async () => {
    const amd64 = repository.addManifest(BOOTABLE, { commandLine: ' console=ttyS0\n' });
    const arm64 = repository.addManifest(BOOTABLE, { annotations: { note: 'arm' } });
    const index = repository.addIndex(
      [
        { ...arm64, ...on('arm64') },
        { ...amd64, ...on('x86_64') },
      ],
      '12',
    );
    expect(await resolve()).toMatchObject({
      reference: 'registry.lab:5000/os/debian:12',
      location: 'registry.lab:5000/os/debian',
      digest: index.digest,
      manifestDigest: amd64.digest,
      platform: { os: 'linux', architecture: 'amd64' },
      commandLine: 'console=ttyS0',
      artifacts: [{ role: 'kernel' }, { role: 'initramfs' }],
    });
    expect((await resolve('arm64')).manifestDigest).toBe(arm64.digest);
  });

  it('boots a single manifest only where it says it is for, in an annotation or its configuration', async () => {
    const config = repository.addBlob('application/vnd.docker.container.image.v1+json', '{"architecture":"amd64"}');
    repository.addDocument(OCI_MANIFEST, { schemaVersion: 2, config, layers: [] }, '12');
    expect((await resolve()).artifacts).toEqual([]);
    await expect(resolve('arm64')).rejects.toMatchObject({
      code: 'IMAGE_NO_PLATFORM',
      message: expect.stringContaining('has no image for linux/arm64; it has linux/amd64') as string,
    });
    repository.addManifest(BOOTABLE, { tag: 'silent' });
    expect((await resolve('arm64', { name: ':silent' })).artifacts).toHaveLength(2);
  });

  it('refuses what is too large to be a command line or a configuration, and names no more than a few of thousands', async () => {
    repository.addManifest(BOOTABLE, { commandLine: 'a '.repeat(10_000), tag: '12' });
    await expect(resolve()).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringContaining('20000 characters is not one that a kernel takes') as string,
    });
    repository.addManifest(BOOTABLE, { commandLine: 'x'.repeat(1_100_000), tag: 'huge' });
    await expect(resolve('amd64', { name: ':huge' })).rejects.toThrow('too large for a command line or configuration');
    const odd = repository.addManifest([]);
    const entries = Array.from({ length: 1_900 }, (_, position) => ({
      ...odd,
      ...on(`${position}${'x'.repeat(1_900)}`),
    }));
    repository.addIndex(entries, 'many');
    const problem = (await resolve('amd64', { name: ':many' }).catch((thrown: unknown) => thrown)) as Error;
    expect(problem.message).toContain('and 1892 more');
    expect(problem.message.length).toBeLessThan(1_000);
  });

  it('takes the command line of a cmdline layer before that of the configuration', async () => {
    repository.addManifest([...BOOTABLE, CMDLINE], { commandLine: 'not this', tag: '12' });
    expect((await resolve()).commandLine).toBe(`${CMDLINE} {}`);
  });

  it.each([
    ['a Docker manifest list', DOCKER_LIST, DOCKER_MANIFEST],
    ["IronCore's own manifest type", OCI_INDEX, IRONCORE_MANIFEST],
  ])('reads %s', async (_name, indexType, mediaType) => {
    const amd64 = repository.addManifest(BOOTABLE, { mediaType });
    repository.addIndex([{ ...amd64, ...on('amd64') }], '12', indexType);
    expect((await resolve()).manifestDigest).toBe(amd64.digest);
  });

  it('believes the index when the registry answers another manifest type', async () => {
    const stored = repository.addManifest(BOOTABLE, { mediaType: OCI_MANIFEST });
    repository.addIndex([{ ...stored, mediaType: IRONCORE_MANIFEST, ...on('amd64') }], '12');
    expect((await resolve()).manifestDigest).toBe(stored.digest);
  });

  it('takes a single manifest as it is', async () => {
    const only = repository.addManifest(BOOTABLE, { tag: '12' });
    expect(await resolve()).toMatchObject({ digest: only.digest, manifestDigest: only.digest });
  });

  it('refuses a single manifest that says it is for another architecture', async () => {
    repository.addManifest(BOOTABLE, { annotations: { architecture: 'aarch64' }, tag: '12' });
    await expect(resolve()).rejects.toMatchObject({
      code: 'IMAGE_NO_PLATFORM',
      message: 'registry.lab:5000/os/debian:12 has no image for linux/amd64; it has linux/arm64',
    });
  });

  it('looks into nested indexes', async () => {
    const amd64 = repository.addManifest(BOOTABLE);
    const arm = repository.addIndex([{ ...repository.addManifest([KERNEL]), ...on('arm64') }]);
    const inner = repository.addIndex([{ ...amd64, ...on('amd64') }]);
    repository.addIndex([arm, inner], '12');
    expect((await resolve()).manifestDigest).toBe(amd64.digest);
    await expect(resolve('riscv64')).rejects.toMatchObject({
      code: 'IMAGE_NO_PLATFORM',
      message: expect.stringContaining('it has linux/arm64, linux/amd64') as string,
    });
  });

  it('does not follow indexes for ever', async () => {
    let index = repository.addIndex([{ ...repository.addManifest(BOOTABLE), ...on('amd64') }]);
    for (let depth = 0; depth < 3; depth += 1) index = repository.addIndex([index]);
    repository.addIndex([index], '12');
    await expect(resolve()).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });

  it('reads the variant from the manifests when the index does not say', async () => {
    const virtual = repository.addManifest(BOOTABLE, { annotations: { variant: 'virtualization' } });
    const metal = repository.addManifest(BOOTABLE, { annotations: { variant: 'metal' } });
    repository.addIndex(
      [virtual, metal].map((entry) => ({ ...entry, ...on('amd64') })),
      '12',
    );
    expect(await resolve()).toMatchObject({ manifestDigest: metal.digest, variant: 'metal' });
    expect((await resolve('amd64', { variant: 'virtualization' })).manifestDigest).toBe(virtual.digest);
  });

  it('pins by digest', async () => {
    const old = repository.addManifest(BOOTABLE);
    repository.addManifest([KERNEL], { tag: '12' });
    expect((await resolve('amd64', { name: `:12@${old.digest}` })).manifestDigest).toBe(old.digest);
    expect(repository.fetched[0]).toBe(old.digest);
  });

  it('refuses an index that lies about a manifest', async () => {
    const amd64 = repository.addManifest(BOOTABLE);
    repository.addIndex([{ ...amd64, size: amd64.size + 1, ...on('amd64') }], '12');
    await expect(resolve()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('refuses a configuration that is not what was promised', async () => {
    repository.addManifest(BOOTABLE, { commandLine: 'a=b', tag: '12' });
    for (const digest of repository.blobs.keys()) repository.blobs.set(digest, Buffer.from('{"commandLine":"evil"}'));
    await expect(resolve()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });
});
