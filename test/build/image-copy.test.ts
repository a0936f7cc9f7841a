import { createHash } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CopyParts, copyImage } from '../../src/build/image-copy.js';
import { hexOf } from '../../src/oci/digest.js';
import { DiskLayout } from '../../src/oci/disk-layout.js';
import type { ManifestName } from '../../src/oci/image-source.js';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.js';
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from '../fakes/registry.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { plainClient } from '../fixtures/registries.js';

const KERNEL = blobOf(300_000);
const ARM_KERNEL = blobOf(200_000, 1);
const SHARED = blobOf(1_000, 2);
const TAG: ManifestName = { kind: 'tag', tag: '1' };

/** An index of two platforms, whose manifests share a layer and a configuration. */
async function source(options: FakeRegistryOptions = {}, { docker = false } = {}) {
  const registry = await startFakeRegistry(options);
  const config = registry.addBlob(Buffer.from('{}'), 'application/vnd.ironcore.image.config.v1+json');
  const mediaType = docker ? DOCKER_MANIFEST : OCI_MANIFEST;
  const manifest = (name: string, ...layers: readonly Buffer[]) =>
    registry.addDocument(
      'src',
      name,
      { schemaVersion: 2, mediaType, config, layers: layers.map((bytes) => registry.addBlob(bytes)), note: name },
      mediaType,
    );
  const manifests = [manifest('amd64', KERNEL.bytes, SHARED.bytes), manifest('arm64', ARM_KERNEL.bytes, SHARED.bytes)];
  const index = docker ? DOCKER_LIST : OCI_INDEX;
  registry.addDocument('src', '1', { schemaVersion: 2, mediaType: index, manifests, annotations: { a: 'b' } }, index);
  return registry;
}

function copy(parts: Omit<CopyParts, 'progress' | 'signal'> & Partial<CopyParts>, tag = '2') {
  const progress = () => undefined;
  const wait = async () => undefined;
  return copyImage(TAG, tag, { progress, wait, signal: new AbortController().signal, ...parts });
}

const repositoryOf = (registry: FakeRegistry, name: string) => plainClient().repository(registry.host, name);

async function layout() {
  const folder = await temporaryFolder();
  return { folder, target: new DiskLayout(folder), blobs: join(folder, 'blobs/sha256') };
}

/** Whatever another tool would do: every file is what its name says. */
async function expectSound(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(name);
  }
}

describe('copyImage', () => {
  it.each([false, true])('makes the same image, of all platforms, byte for byte (Docker: %s)', async (docker) => {
    const registry = await source({}, { docker });
    const { target, blobs } = await layout();
    const { digest, blobs: copied } = await copy({ source: repositoryOf(registry, 'src'), destination: target });
    const there = await target.fetchDocument({ kind: 'tag', tag: '2' });
    expect(there.descriptor).toEqual((await repositoryOf(registry, 'src').fetchDocument(TAG)).descriptor);
    expect(there.descriptor.digest).toBe(digest);
    expect(copied.map(({ how }) => how)).toEqual(['sent', 'sent', 'sent', 'sent']);
    expect(await readdir(blobs)).toHaveLength(4 + 3);
    await expectSound(blobs);
  });

  it('writes nothing before what it leads to, and the tag last', async () => {
    const from = await source();
    const to = await startFakeRegistry();
    await copy({ source: repositoryOf(from, 'src'), destination: repositoryOf(to, 'dst') });
    const written = to.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path.split('/')[3]);
    expect(written).toEqual([...Array<string>(4).fill('blobs'), ...Array<string>(3).fill('manifests')]);
    expect(to.requests.at(-1)).toMatchObject({ method: 'PUT', path: '/v2/dst/manifests/2' });
  });

  it('sends nothing that is there already', async () => {
    const from = await source();
    const to = await startFakeRegistry();
    to.addBlob(KERNEL.bytes);
    to.addBlob(SHARED.bytes);
    const { blobs } = await copy({ source: repositoryOf(from, 'src'), destination: repositoryOf(to, 'dst') });
    expect(blobs.filter(({ how }) => how === 'there').map(({ size }) => size)).toEqual([300_000, 1_000]);
    const again = await copy({ source: repositoryOf(from, 'src'), destination: repositoryOf(to, 'dst') });
    expect(again.blobs.map(({ how }) => how)).toEqual(['there', 'there', 'there', 'there']);
  });

  it('mounts blobs between repositories of one registry', async () => {
    const registry = await source({ mounts: true });
    for (const { descriptor } of [KERNEL, ARM_KERNEL, SHARED]) registry.fail(`/dst/blobs/${descriptor.digest}`, 404);
    const { blobs } = await copy({ source: repositoryOf(registry, 'src'), destination: repositoryOf(registry, 'dst') });
    expect(blobs.map(({ how }) => how)).toEqual(['there', 'mounted', 'mounted', 'mounted']);
    const asked = registry.requests.filter(({ method }) => method === 'POST').map(({ path }) => path);
    expect(asked).toContain(`/v2/dst/blobs/uploads/?mount=${encodeURIComponent(KERNEL.descriptor.digest)}&from=src`);
  });

  it('sends what cannot be mounted, and leaves no upload open', async () => {
    const registry = await source();
    registry.fail(`/dst/blobs/${KERNEL.descriptor.digest}`, 404);
    const { blobs } = await copy({ source: repositoryOf(registry, 'src'), destination: repositoryOf(registry, 'dst') });
    expect(blobs.map(({ how }) => how)).toEqual(['there', 'sent', 'there', 'there']);
    expect(registry.openUploads).toBe(0);
  });

  it('goes on where its source breaks, within the same upload', async () => {
    const from = await source({ ranges: true });
    const to = await startFakeRegistry();
    from.truncate(KERNEL.descriptor.digest, KERNEL.bytes, 100_000, 1);
    await copy({ source: repositoryOf(from, 'src'), destination: repositoryOf(to, 'dst') });
    expect(Buffer.from(to.blobs.get(KERNEL.descriptor.digest) ?? []).equals(KERNEL.bytes)).toBe(true);
    const asked = from.requests.filter(({ path }) => path.endsWith(KERNEL.descriptor.digest));
    expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-']);
    expect(to.count('/dst/blobs/uploads/', 'POST')).toBe(4);
  });

  it('ends with the error of a source that breaks ever and again, and names nothing', async () => {
    const from = await source({ ranges: true });
    const { target, folder } = await layout();
    from.answer(KERNEL.descriptor.digest, (response, { headers }) => {
      const begin = Number(/\d+/.exec(headers.range ?? '0')?.[0]);
      const [status, range] = begin === 0 ? [200, {}] : [206, { 'content-range': `bytes ${begin}-299999/300000` }];
      response.writeHead(status, { ...range, 'content-length': 300_000 - begin });
      response.write(KERNEL.bytes.subarray(begin, begin + 10), () => response.destroy());
    });
    await expect(copy({ source: repositoryOf(from, 'src'), destination: target })).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
    expect(await readdir(folder)).not.toContain('index.json');
    await expectSound(join(folder, 'blobs/sha256'));
  });

  it.each(['registry', 'layout'] as const)(
    'never ends with wrong bytes in a %s, and says whose they are',
    async (kind) => {
      const from = await source();
      from.blobs.set(KERNEL.descriptor.digest, damaged(KERNEL.bytes, 299_999));
      const to = await startFakeRegistry();
      const { target, folder } = await layout();
      const destination = kind === 'layout' ? target : repositoryOf(to, 'dst');
      await expect(copy({ source: repositoryOf(from, 'src'), destination })).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
        message: expect.stringContaining(`${from.host}/src has wrong bytes: `) as unknown,
      });
      expect(to.blobs.has(KERNEL.descriptor.digest)).toBe(false);
      expect(to.documents.size).toBe(0);
      if (kind === 'layout') await expectSound(join(folder, 'blobs/sha256'));
    },
  );

  it('mends a layout whose blob is damaged, and clears away what a kill left', async () => {
    const from = await source();
    const { target, blobs } = await layout();
    await copy({ source: repositoryOf(from, 'src'), destination: target });
    const file = join(blobs, hexOf(KERNEL.descriptor.digest));
    await writeFile(file, damaged(KERNEL.bytes, 5));
    const left = `${file}.${'a'.repeat(12)}`;
    await writeFile(left, 'half');
    const long = new Date(Date.now() - 3_600_000);
    await utimes(left, long, long);
    const { blobs: copied } = await copy({ source: repositoryOf(from, 'src'), destination: target });
    expect(copied.filter(({ how }) => how === 'sent').map(({ size }) => size)).toEqual([300_000]);
    await expectSound(blobs);
  });

  it('ends soon when it is to', async () => {
    const from = await source();
    from.answer(KERNEL.descriptor.digest, (response) => {
      response.writeHead(200, { 'content-length': 300_000 });
      response.write(KERNEL.bytes.subarray(0, 1_000));
    });
    const { target, folder } = await layout();
    const ending = new AbortController();
    const done = copy({
      source: repositoryOf(from, 'src'),
      destination: target,
      signal: ending.signal,
      progress: (_blob, sent) => sent === 1_000 && ending.abort(new Error('enough')),
    });
    await expect(done).rejects.toThrow('enough');
    expect(await readdir(folder)).not.toContain('index.json');
    await expectSound(join(folder, 'blobs/sha256'));
  });

  it('refuses what is no image', async () => {
    const registry = await startFakeRegistry();
    const nested = (depth: number): ReturnType<FakeRegistry['addDocument']> =>
      registry.addDocument(
        'src',
        depth === 0 ? '1' : `n${depth}`,
        { schemaVersion: 2, mediaType: OCI_INDEX, manifests: depth === 5 ? [] : [nested(depth + 1)] },
        OCI_INDEX,
      );
    nested(0);
    const { target } = await layout();
    await expect(copy({ source: repositoryOf(registry, 'src'), destination: target })).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringContaining('nested deeper than 2') as unknown,
    });
  });
});
