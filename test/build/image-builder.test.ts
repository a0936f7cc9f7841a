import { describe, expect, it } from 'vitest';
import { buildManifest, type ImageRecipe, type Layer, writeImage } from '../../src/build/image-builder.js';
import { layerTypeOf } from '../../src/image/media-type.js';
import type { Role } from '../../src/image/role.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { parseDocument } from '../../src/oci/manifest.js';
import { FakeRepository } from '../fakes/image-repository.js';

function layer(role: Role, contents: string): Layer {
  const bytes = Buffer.from(contents);
  return {
    role,
    descriptor: descriptorOf(layerTypeOf(role), bytes),
    open: async function* () {
      yield bytes.subarray(0, 3);
      yield bytes.subarray(3);
    },
  };
}

function recipe(architecture: string, more: Partial<ImageRecipe> = {}): ImageRecipe {
  const layers = [layer('kernel', `kernel ${architecture}`), layer('initramfs', `initramfs ${architecture}`)];
  const platform = { os: 'linux', architecture };
  return { platform, variant: 'metal', layers, commandLine: 'quiet', annotations: {}, ...more };
}

const write = (repository: FakeRepository, what: ImageRecipe, append = false, progress = (): void => undefined) =>
  writeImage(buildManifest(what), repository, { tag: '1', append, progress });

async function entries(repository: FakeRepository) {
  const { descriptor, bytes } = await repository.fetchDocument({ kind: 'tag', tag: '1' });
  const document = parseDocument('test', descriptor.mediaType, bytes);
  if (document.kind !== 'index') throw new Error('an index was expected');
  return document.entries.map(({ platform, digest }) => [platform?.architecture, digest]);
}

describe('buildManifest', () => {
  it('gives the same bytes for the same recipe', () => {
    expect(buildManifest(recipe('amd64')).manifest).toEqual(buildManifest(recipe('amd64')).manifest);
  });

  it('puts the command line where IronCore looks for it, and notes what the image is for', () => {
    const { config, manifest } = buildManifest(recipe('amd64', { annotations: { note: 'x' } }));
    expect(Buffer.from(config.bytes).toString()).toBe('{"commandLine":"quiet"}');
    expect(JSON.parse(Buffer.from(manifest.bytes).toString())).toMatchObject({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.ironcore.image.config.v1+json' },
      annotations: { note: 'x', architecture: 'amd64', variant: 'metal' },
    });
  });
});

describe('writeImage', () => {
  it('appends another platform and replaces its like', async () => {
    const repository = new FakeRepository();
    await write(repository, recipe('amd64'));
    await write(repository, recipe('arm64'), true);
    await write(repository, recipe('amd64', { commandLine: 'new' }), true);
    const newest = buildManifest(recipe('amd64', { commandLine: 'new' })).manifest.descriptor.digest;
    expect(await entries(repository)).toEqual([
      ['arm64', buildManifest(recipe('arm64')).manifest.descriptor.digest],
      ['amd64', newest],
    ]);
  });

  it('keeps other variants of a platform', async () => {
    const repository = new FakeRepository();
    await write(repository, recipe('amd64'));
    await write(repository, recipe('amd64', { variant: 'virtualization' }), true);
    expect(await entries(repository)).toHaveLength(2);
  });

  it('keeps other variants that only the manifests name, as IronCore builds them', async () => {
    const repository = new FakeRepository();
    const metal = repository.addManifest([], { annotations: { variant: 'metal' } });
    const virtual = repository.addManifest([], { annotations: { variant: 'virtualization' } });
    const unnamed = repository.addManifest([], { annotations: { note: 'of no variant' } });
    const platform = { os: 'linux', architecture: 'amd64' };
    repository.addIndex(
      [metal, virtual, unnamed].map((one) => ({ ...one, platform })),
      '1',
    );
    await write(repository, recipe('amd64', { variant: 'virtualization' }), true);
    const digests = (await entries(repository)).map(([, digest]) => digest);
    expect(digests).toHaveLength(2);
    expect(digests[0]).toBe(metal.digest);
  });

  it('keeps what it does not know of the entries that are there', async () => {
    const repository = new FakeRepository();
    const other = repository.addManifest([]);
    repository.addIndex([{ ...other, platform: { os: 'linux', architecture: 'riscv64' }, strange: [1, 2] }], '1');
    await write(repository, recipe('amd64'), true);
    const { bytes } = await repository.fetchDocument({ kind: 'tag', tag: '1' });
    expect(Buffer.from(bytes).toString()).toContain('"strange":[1,2]');
  });

  it('starts anew without --append, and appends to nothing', async () => {
    const repository = new FakeRepository();
    await write(repository, recipe('arm64'), true);
    await write(repository, recipe('amd64'));
    expect((await entries(repository)).map(([architecture]) => architecture)).toEqual(['amd64']);
  });

  it('refuses to append to a single manifest', async () => {
    const repository = new FakeRepository();
    repository.addManifest([], { tag: '1' });
    await expect(write(repository, recipe('amd64'), true)).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });

  it('tells which platforms are there no more', async () => {
    const repository = new FakeRepository();
    await write(repository, recipe('arm64'));
    expect((await write(repository, recipe('amd64'), true)).dropped).toEqual([]);
    expect((await write(repository, recipe('amd64'))).dropped).toEqual(['linux/arm64']);
    repository.addManifest([], { tag: '1' });
    expect((await write(repository, recipe('amd64'))).dropped).toEqual([]);
  });

  it('ends in the middle when it is told to, and names nothing', async () => {
    const repository = new FakeRepository();
    const ended = new AbortController();
    const progress = (_layer: Layer, sent: number) => (sent > 0 ? ended.abort(new Error('ended')) : undefined);
    const options = { tag: '1', append: false, progress, signal: ended.signal };
    await expect(writeImage(buildManifest(recipe('amd64')), repository, options)).rejects.toThrow('ended');
    await expect(repository.fetchDocument({ kind: 'tag', tag: '1' })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    });
  });

  it('tells its progress and does not send what is there', async () => {
    const repository = new FakeRepository();
    const sent: string[] = [];
    const written = buildManifest(recipe('amd64'));
    const options = {
      tag: '1',
      append: false,
      progress: ({ role }: Layer, bytes: number) => sent.push(`${role} ${bytes}`),
    };
    await writeImage(written, repository, options);
    expect(sent).toEqual([
      'kernel 0',
      'kernel 3',
      'kernel 12',
      'kernel 12',
      'initramfs 0',
      'initramfs 3',
      'initramfs 15',
      'initramfs 15',
    ]);
    sent.length = 0;
    await writeImage(written, repository, options);
    expect(sent).toEqual(['kernel 0', 'kernel 12', 'initramfs 0', 'initramfs 15']);
  });
});
