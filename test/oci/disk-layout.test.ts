import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Descriptor, descriptorOf } from '../../src/oci/descriptor.js';
import { hexOf } from '../../src/oci/digest.js';
import { DiskLayout } from '../../src/oci/disk-layout.js';
import type { FetchedDocument } from '../../src/oci/image-source.js';
import { MAX_MANIFEST_BYTES } from '../../src/oci/manifest.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.js';
import { blobOf } from '../fixtures/blobs.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { run } from '../setup/command.js';

const REF_NAME = 'org.opencontainers.image.ref.name';

function documentOf(note: string): FetchedDocument {
  const config = descriptorOf('application/vnd.oci.empty.v1+json', Buffer.from('{}'));
  const content = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [], annotations: { note } };
  const bytes = Buffer.from(JSON.stringify(content));
  return { descriptor: descriptorOf(OCI_MANIFEST, bytes), bytes };
}

const ONE = documentOf('one');
const TWO = documentOf('two');

async function layoutWith(...tags: readonly (readonly [tag: string, document: FetchedDocument])[]) {
  const folder = join(await temporaryFolder(), 'layout');
  const layout = new DiskLayout(folder);
  for (const [tag, document] of tags) await layout.pushDocument(document, tag);
  return { folder, layout };
}

function blobPath(folder: string, { digest }: Descriptor): string {
  return join(folder, 'blobs', 'sha256', hexOf(digest));
}

async function editIndex(folder: string, edit: (index: { manifests: object[]; more?: string }) => void): Promise<void> {
  const path = join(folder, 'index.json');
  const index = JSON.parse(await readFile(path, 'utf8')) as { manifests: object[] };
  edit(index);
  await writeFile(path, JSON.stringify(index));
}

async function piecesOf(content: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return pieces;
}

async function* contentOf(...pieces: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* pieces;
}

describe('documents of a layout', () => {
  it('are found by tag and by digest, as they are', async () => {
    const { layout } = await layoutWith(['v1', ONE], ['v2', TWO]);
    expect(await layout.fetchDocument({ kind: 'tag', tag: 'v2' })).toEqual(TWO);
    expect(await layout.fetchDocument({ kind: 'digest', digest: ONE.descriptor.digest })).toEqual(ONE);
  });

  it('are found by the end of a whole reference, unless another has the tag itself', async () => {
    const { layout } = await layoutWith(['ghcr.io/os/debian:v1', ONE]);
    expect(await layout.fetchDocument({ kind: 'tag', tag: 'v1' })).toEqual(ONE);
    await layout.pushDocument(TWO, 'v1');
    expect(await layout.fetchDocument({ kind: 'tag', tag: 'v1' })).toEqual(TWO);
  });

  it('need no name where there is one image, whatever its tags', async () => {
    const { layout } = await layoutWith(['v1', ONE], ['latest', ONE]);
    expect(await layout.fetchDocument()).toEqual(ONE);
  });

  it('need a name where there are several', async () => {
    const { folder, layout } = await layoutWith(['v1', ONE], ['v2', TWO]);
    await expect(layout.fetchDocument()).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: `oci:${folder} holds 2 images; its tags: v1, v2`,
    });
    await expect(layout.fetchDocument({ kind: 'tag', tag: 'v3' })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining('has no image with the tag v3; its tags: v1, v2') as string,
    });
  });

  it('are not given when damaged', async () => {
    const { folder, layout } = await layoutWith(['v1', ONE]);
    await writeFile(blobPath(folder, ONE.descriptor), TWO.bytes);
    await expect(layout.fetchDocument()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('are not read when too large', async () => {
    const { folder, layout } = await layoutWith(['v1', ONE]);
    await writeFile(blobPath(folder, ONE.descriptor), Buffer.alloc(MAX_MANIFEST_BYTES + 1));
    await expect(layout.fetchDocument()).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    await writeFile(join(folder, 'index.json'), Buffer.alloc(MAX_MANIFEST_BYTES + 1));
    await expect(layout.fetchDocument()).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });

  it('are missed by name', async () => {
    const { layout } = await layoutWith(['v1', ONE]);
    await expect(layout.fetchDocument({ kind: 'digest', digest: TWO.descriptor.digest })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining(TWO.descriptor.digest) as string,
    });
  });
});

describe('what is no layout', () => {
  it('is a folder that does not exist', async () => {
    const { folder, layout } = await layoutWith();
    await expect(layout.fetchDocument()).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: `oci:${folder} has no layout (no index.json)`,
      remedy: expect.stringContaining('OCI image layout') as string,
    });
    await expect(layout.fetchBlob(ONE.descriptor)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(await layout.hasBlob(ONE.descriptor)).toBe(false);
  });

  it('is a folder without its mark, or with that of another version', async () => {
    const { folder, layout } = await layoutWith(['v1', ONE]);
    for (const mark of ['{"imageLayoutVersion":"2.0.0"}', '{}', 'null', 'not JSON']) {
      await writeFile(join(folder, 'oci-layout'), mark);
      await expect(layout.fetchDocument()).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    }
    await rm(join(folder, 'oci-layout'));
    await expect(layout.fetchDocument()).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining('oci-layout') as string,
    });
  });

  it.each(['not JSON', '[]', '{}', '{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}', '{"layers":[]}'])(
    'is a folder with the index %s',
    async (index) => {
      const { folder, layout } = await layoutWith(['v1', ONE]);
      await writeFile(join(folder, 'index.json'), index);
      await expect(layout.fetchDocument()).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    },
  );

  it('is a folder where files should be', async () => {
    const { folder, layout } = await layoutWith(['v1', ONE]);
    await rm(join(folder, 'index.json'));
    await mkdir(join(folder, 'index.json'));
    await expect(layout.fetchDocument()).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
  });
});

describe('blobs of a layout', () => {
  const { bytes, descriptor } = blobOf(2 * 1024 * 1024 + 5);

  async function layoutWithBlob() {
    const made = await layoutWith();
    await made.layout.pushBlob(descriptor, () => contentOf(bytes.subarray(0, 7), bytes.subarray(7)));
    return made;
  }

  it('are read in large pieces', async () => {
    const { layout } = await layoutWithBlob();
    expect(await layout.hasBlob(descriptor)).toBe(true);
    const pieces = await piecesOf(await layout.fetchBlob(descriptor));
    expect(pieces.map(({ byteLength }) => byteLength)).toEqual([1024 * 1024, 1024 * 1024, 5]);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  it('must be as large as promised', async () => {
    const { layout } = await layoutWithBlob();
    const wrong = { ...descriptor, size: descriptor.size - 1 };
    expect(await layout.hasBlob(wrong)).toBe(false);
    await expect(layout.fetchBlob(wrong)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('end when aborted, with the reason given', async () => {
    const { layout } = await layoutWithBlob();
    const abort = new AbortController();
    const pieces = (await layout.fetchBlob(descriptor, abort.signal))[Symbol.asyncIterator]();
    expect((await pieces.next()).done).toBe(false);
    abort.abort(new Error('enough'));
    await expect(pieces.next()).rejects.toThrow('enough');
  });

  it('may vanish before they are read', async () => {
    const { folder, layout } = await layoutWithBlob();
    const content = await layout.fetchBlob(descriptor);
    await rm(blobPath(folder, descriptor));
    await expect(piecesOf(content)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });
});

describe('a layout that is none', () => {
  it.each([
    ['a pipe', (path: string) => run('mkfifo', [path])],
    ['an endless device', (path: string) => symlink('/dev/zero', path)],
  ])('with %s for its index is a clear error at once', async (_name, make) => {
    const { folder, layout } = await layoutWith(['v1', ONE]);
    await rm(join(folder, 'index.json'));
    await make(join(folder, 'index.json'));
    await expect(layout.fetchDocument()).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('ENOTFILE') as string,
    });
  });
});

describe('writing a layout', () => {
  it('makes what the image-spec says', async () => {
    const { folder } = await layoutWith(['v1', ONE]);
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(JSON.parse(await readFile(join(folder, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'))).toEqual({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ ...ONE.descriptor, annotations: { [REF_NAME]: 'v1' } }],
    });
    expect(await readFile(blobPath(folder, ONE.descriptor))).toEqual(ONE.bytes);
  });

  it('moves a tag and keeps all else', async () => {
    const { folder, layout } = await layoutWith(['v1', ONE], ['v2', ONE]);
    await editIndex(folder, (index) => {
      index.more = 'kept';
      index.manifests.push({ ...ONE.descriptor, platform: { os: 'linux', architecture: 'arm64' } });
    });
    await layout.pushDocument(TWO, 'v1');
    expect(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'))).toMatchObject({
      more: 'kept',
      manifests: [
        { ...ONE.descriptor, annotations: { [REF_NAME]: 'v2' } },
        { ...ONE.descriptor, platform: { os: 'linux', architecture: 'arm64' } },
        { ...TWO.descriptor, annotations: { [REF_NAME]: 'v1' } },
      ],
    });
  });

  it('keeps every tag of many that are written at once', async () => {
    const { folder, layout } = await layoutWith();
    const tags = Array.from({ length: 12 }, (_, number) => `t${number}`);
    await Promise.all(tags.map((tag) => new DiskLayout(folder).pushDocument(documentOf(tag), tag)));
    for (const tag of tags) expect(await layout.fetchDocument({ kind: 'tag', tag })).toEqual(documentOf(tag));
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('without a tag leaves the index alone', async () => {
    const { folder, layout } = await layoutWith();
    await layout.pushDocument(ONE);
    expect(await readdir(folder)).not.toContain('index.json');
    expect(await layout.fetchDocument({ kind: 'digest', digest: ONE.descriptor.digest })).toEqual(ONE);
  });

  it.each([
    ['other bytes', [Buffer.from('kernal')]],
    ['fewer bytes', [Buffer.from('ker')]],
    ['more bytes', [Buffer.from('kernel'), Buffer.from('!')]],
  ])('leaves nothing of %s than promised', async (_, pieces) => {
    const { folder, layout } = await layoutWith();
    const descriptor = descriptorOf('application/octet-stream', Buffer.from('kernel'));
    await expect(layout.pushBlob(descriptor, () => contentOf(...pieces))).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    expect(await readdir(join(folder, 'blobs', 'sha256'))).toEqual([]);
  });

  it('says so when it cannot be done', async () => {
    const { folder, layout } = await layoutWith();
    await writeFile(folder, 'a file');
    await expect(layout.pushDocument(ONE, 'v1')).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringMatching(/cannot be written \((ENOTDIR|EEXIST)\)/) as string,
    });
  });

  it('does not touch an index that it cannot read', async () => {
    const { folder, layout } = await layoutWith(['v1', ONE]);
    await writeFile(join(folder, 'index.json'), 'not JSON');
    await expect(layout.pushDocument(TWO, 'v2')).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    expect(await readFile(join(folder, 'index.json'), 'utf8')).toBe('not JSON');
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });
});
