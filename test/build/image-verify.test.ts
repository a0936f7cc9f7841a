import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyImage } from '../../src/build/image-verify.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { hexOf } from '../../src/oci/digest.js';
import { DiskLayout } from '../../src/oci/disk-layout.js';
import { once } from '../../src/oci/image-source.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.js';
import { startFakeRegistry } from '../fakes/registry.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { demoOf } from '../fixtures/registries.js';

const KERNEL = blobOf(3_000_000);
const INITRAMFS = blobOf(1_000, 1);
const CONFIG = blobOf(10, 2);
const MANIFEST = documentOf(OCI_MANIFEST, {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: CONFIG.descriptor,
  layers: [KERNEL.descriptor, INITRAMFS.descriptor],
});
const OTHER = documentOf(OCI_MANIFEST, {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: CONFIG.descriptor,
  layers: [INITRAMFS.descriptor],
});
const INDEX = documentOf(OCI_INDEX, {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [MANIFEST.descriptor, OTHER.descriptor],
});

function documentOf(mediaType: string, content: object) {
  const bytes = Buffer.from(JSON.stringify(content));
  return { descriptor: descriptorOf(mediaType, bytes), bytes };
}

async function layout() {
  const folder = await temporaryFolder();
  const source = new DiskLayout(folder);
  for (const { bytes, descriptor } of [KERNEL, INITRAMFS, CONFIG]) await source.pushBlob(descriptor, () => once(bytes));
  for (const document of [MANIFEST, OTHER]) await source.pushDocument(document);
  await source.pushDocument(INDEX, '1');
  const path = ({ descriptor }: { readonly descriptor: { readonly digest: typeof KERNEL.descriptor.digest } }) =>
    join(folder, 'blobs/sha256', hexOf(descriptor.digest));
  return { source, path };
}

const never = new AbortController().signal;
const verify = (source: DiskLayout, signal = never) =>
  verifyImage(undefined, { source, progress: () => undefined, signal });

describe('verifyImage', () => {
  it('reads all of it, each blob once', async () => {
    const { source } = await layout();
    const read = new Map<string, number>();
    const progress = ({ digest }: typeof KERNEL.descriptor, bytes: number) => void read.set(digest, bytes);
    expect(await verifyImage({ kind: 'tag', tag: '1' }, { source, progress, signal: never })).toEqual({
      digest: INDEX.descriptor.digest,
      documents: 3,
      blobs: 3,
      bytes: 3_001_010,
      problems: [],
    });
    expect([...read.values()].sort((a, b) => a - b)).toEqual([10, 1_000, 3_000_000]);
  });

  it('names everything that is wrong, and goes on', async () => {
    const { source, path } = await layout();
    await writeFile(path(KERNEL), damaged(KERNEL.bytes, 2_999_999));
    await truncate(path(CONFIG), 5);
    await rm(path(INITRAMFS));
    await writeFile(path(OTHER), 'no more');
    const { problems, bytes } = await verify(source);
    expect(problems.map(({ what, code }) => [what, code])).toEqual([
      [`manifest ${OTHER.descriptor.digest}`, 'DIGEST_MISMATCH'],
      [`blob ${CONFIG.descriptor.digest}`, 'DIGEST_MISMATCH'],
      [`blob ${KERNEL.descriptor.digest}`, 'DIGEST_MISMATCH'],
      [`blob ${INITRAMFS.descriptor.digest}`, 'IMAGE_NOT_FOUND'],
    ]);
    expect(bytes).toBe(0);
  });

  it('finds a manifest that gives a blob another size than the other does', async () => {
    const registry = await startFakeRegistry();
    const layer = registry.addBlob(KERNEL.bytes);
    const config = registry.addBlob(CONFIG.bytes);
    const manifest = (size: number) =>
      registry.addDocument('demo', String(size), {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config,
        layers: [{ ...layer, size }],
      });
    const manifests = [manifest(3_000_000), manifest(2_999_999)];
    registry.addDocument('demo', '1', { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
    const source = demoOf(registry);
    const { problems } = await verifyImage(
      { kind: 'tag', tag: '1' },
      { source, progress: () => undefined, signal: never },
    );
    expect(problems.map(({ code }) => code)).toEqual(['DIGEST_MISMATCH']);
  });

  it('has nothing to read where there is no image', async () => {
    await expect(verify(new DiskLayout(await temporaryFolder()))).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });

  it('ends when it is to', async () => {
    const { source } = await layout();
    await expect(verify(source, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  it('reads no more manifests than an image can have', async () => {
    const registry = await startFakeRegistry();
    const config = registry.addBlob(CONFIG.bytes);
    const manifests = Array.from({ length: 1_010 }, (_, position) =>
      registry.addDocument('demo', `m${position}`, {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config,
        layers: [],
        annotations: { position: String(position) },
      }),
    );
    registry.addDocument('demo', '1', { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
    const source = demoOf(registry);
    const done = verifyImage({ kind: 'tag', tag: '1' }, { source, progress: () => undefined, signal: never });
    await expect(done).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    expect(registry.requests.length).toBeLessThan(1_005);
  });
});
