import { execFile } from 'node:child_process';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../../src/blob/blob-store.js';
import { DiskBlobStore } from '../../src/blob/disk-blob-store.js';
import { listBlobs } from '../../src/blob/disk-folder.js';
import { blobPath } from '../../src/blob/layout.js';
import { hexOf } from '../../src/oci/digest.js';
import { blobStoreContract } from '../contracts/blob-store.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { emptyStore, fileMethod } from '../fixtures/disk-store.js';
import { temporaryFolder } from '../fixtures/folder.js';

blobStoreContract(async () => DiskBlobStore.open(await temporaryFolder()));

const { bytes, descriptor } = blobOf(10_000);
const path = blobPath(descriptor.digest);

describe('opening a disk blob store', () => {
  it('makes an OCI image layout', async () => {
    const folder = join(await temporaryFolder(), 'data', 'cache');
    await DiskBlobStore.open(folder);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      'blobs',
      'blobs/sha256',
      'index.json',
      'ingest',
      'oci-layout',
    ]);
    expect(JSON.parse(await readFile(join(folder, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'))).toMatchObject({ manifests: [] });
  });

  it('keeps what is there, and mends a layout file that a crash left empty', async () => {
    const folder = await temporaryFolder();
    await put(await DiskBlobStore.open(folder));
    await writeFile(join(folder, 'index.json'), '{"schemaVersion":2,"manifests":[{"from":"another tool"}]}');
    await writeFile(join(folder, 'oci-layout'), '');
    const store = await DiskBlobStore.open(folder);
    expect(await store.list()).toEqual([{ digest: descriptor.digest, size: bytes.length }]);
    expect(await readFile(join(folder, 'index.json'), 'utf8')).toContain('another tool');
    expect(await readFile(join(folder, 'oci-layout'), 'utf8')).toBe('{"imageLayoutVersion":"1.0.0"}');
  });

  it('keeps what a crash left half received for a day, and what is none of its business', async () => {
    const folder = await temporaryFolder();
    const crashed = await (await DiskBlobStore.open(folder)).ingest(descriptor);
    await crashed.write(bytes.subarray(0, 5_000));
    await mkdir(join(folder, 'ingest', 'lost+found'));
    // Another program may be about to open the same folder.
    await writeFile(join(folder, 'ingest', '.probe-1'), '');
    await writeFile(join(folder, 'ingest', 'stranger'), '');
    const store = await DiskBlobStore.open(folder);
    expect(await readdir(join(folder, 'ingest'))).toHaveLength(3);
    expect(await store.open(descriptor)).toBeUndefined();
    await DiskBlobStore.open(folder, { now: Date.now() + 24 * 3_600_000 });
    expect(await readdir(join(folder, 'ingest'))).toEqual(['lost+found']);
    await crashed.close();
  });

  it('names the folder, the reason and the remedy when it cannot be used', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    const folder = join(file, 'cache');
    await expect(DiskBlobStore.open(folder)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: `${folder} cannot be used (ENOTDIR)`,
      remedy: expect.stringContaining('"data"') as string,
    });
  });

  it('is refused where no file can be made, though the folders are there', async () => {
    const folder = await temporaryFolder();
    // Nobody may make files there, not even root.
    await symlink('/proc/self/task', join(folder, 'ingest'));
    await expect(DiskBlobStore.open(folder)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining(`${folder} cannot be used (E`) as string,
    });
  });
});

describe('a blob on the disk', () => {
  it('comes again after somebody emptied the folder', async () => {
    const folder = await temporaryFolder();
    const store = await DiskBlobStore.open(folder);
    await put(store);
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    expect(await store.open(descriptor)).toBeUndefined();
    await put(store);
    expect(await store.list()).toEqual([{ digest: descriptor.digest, size: bytes.length }]);
  });

  it('is an ordinary file that nobody may write to', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    expect(await readFile(join(folder, path))).toEqual(bytes);
    expect((await stat(join(folder, path))).mode & 0o777).toBe(0o444);
    expect(await readdir(join(folder, 'ingest'))).toEqual([]);
  });

  it('is on its way in a file of its own', async () => {
    const { folder, store } = await emptyStore();
    const ingest = await store.ingest(descriptor);
    await ingest.write(bytes);
    expect(await readdir(join(folder, 'blobs/sha256'))).toEqual([]);
    const [name] = await readdir(join(folder, 'ingest'));
    expect(name).toMatch(new RegExp(`^${hexOf(descriptor.digest)}\\.${descriptor.size}\\.[0-9a-f]{12}$`));
    await ingest.close();
    expect(await readdir(join(folder, 'ingest'))).toEqual([]);
  });

  it.each([
    ['wrong bytes', damaged(bytes, 0)],
    ['too few', bytes.subarray(1)],
  ])('leaves nothing behind when %s came', async (_, received) => {
    const { folder, store } = await emptyStore();
    const ingest = await store.ingest(descriptor);
    await ingest.write(received);
    await expect(ingest.commit()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await readdir(join(folder, 'ingest'))).toEqual([]);
    expect(await readdir(join(folder, 'blobs/sha256'))).toEqual([]);
    await ingest.close();
  });

  it.each([
    ['shorter', 9_999],
    ['empty', 0],
    ['longer', 10_001],
  ])('goes when somebody made it %s, and can come again', async (_, length) => {
    const { folder, store } = await emptyStore();
    await put(store);
    await damage(join(folder, path), length);
    expect(await store.open(descriptor)).toBeUndefined();
    expect(await readdir(join(folder, 'blobs/sha256'))).toEqual([]);
    await put(store);
    await (await store.open(descriptor))?.close();
    expect(await readFile(join(folder, path))).toEqual(bytes);
  });

  it('is not removed for having been damaged when it has come again', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    await damage(join(folder, path), 9_999);
    const { spy, original } = await fileMethod('read');
    let mended: Promise<void> = Promise.resolve();
    spy.mockImplementationOnce(async function (this: unknown, ...args) {
      // Whoever looks first is slow, and another would be done meanwhile if it did not have to wait.
      await Promise.race([mended, turnsOfTheDisk(folder)]);
      return original.apply(this, args);
    });
    const slow = store.open(descriptor);
    mended = putWhenMissing(store);
    await Promise.all([(await slow)?.close(), mended]);
    expect(await readFile(join(folder, path))).toEqual(bytes);
  });

  it('when it is to keep a blob does not make it one', async () => {
    const { folder, store } = await emptyStore();
    const ingest = await store.ingest(descriptor);
    await ingest.write(bytes);
    await failing('sync', 'ENOSPC');
    await expect(ingest.commit()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await readdir(folder, { recursive: true })).toEqual(
      expect.not.arrayContaining([expect.stringContaining(hexOf(descriptor.digest))]) as string[],
    );
    await ingest.close();
  });

  it('would lose nothing: a blob and its name are synced', async () => {
    const { store } = await emptyStore();
    const { spy } = await fileMethod('sync');
    await put(store);
    expect(spy).toHaveBeenCalledTimes(2);
  });

  it('and takes only a part at a time gets the rest as well', async () => {
    const { store } = await emptyStore();
    const ingest = await store.ingest(descriptor);
    const { spy, original } = await fileMethod('write');
    spy.mockImplementation(function (this: unknown, ...[data, offset, length, position]) {
      return original.call(this, data, offset, Math.min(Number(length), 3_333), position);
    });
    await ingest.write(bytes);
    expect(spy).toHaveBeenCalledTimes(4);
    await ingest.commit();
    await ingest.close();
    expect(await store.list()).toEqual([{ digest: descriptor.digest, size: bytes.length }]);
  });

  it('while it is read from is an error that names the file', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    const reader = await store.open(descriptor);
    await failing('read', 'EIO');
    await expect(reader?.read(Buffer.alloc(10), 0)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: `${join(folder, path)} cannot be used (EIO)`,
    });
    await reader?.close();
  });

  it('by having a file where a folder was is a clear error', async () => {
    const { folder, store } = await emptyStore();
    await rmdir(join(folder, 'ingest'));
    await writeFile(join(folder, 'ingest'), 'not ours');
    await expect(store.ingest(descriptor)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: `${folder} cannot be used (ENOTDIR)`,
    });
    expect(await readFile(join(folder, 'ingest'), 'utf8')).toBe('not ours');
  });
});

describe('a descriptor that lies about the size', () => {
  it('is found out no further than its signal lets it', async () => {
    const { store } = await emptyStore();
    await put(store);
    const liar = { ...descriptor, size: descriptor.size - 1 };
    const ending = AbortSignal.abort(new Error('enough'));
    const { spy } = await fileMethod('read');
    await expect(store.open(liar, ending)).rejects.toThrow('enough');
    expect(spy).toHaveBeenCalledTimes(1);
    await expect(store.open(liar)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('has a blob hashed once, and again when somebody touched it', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    const liar = { ...descriptor, size: descriptor.size - 1 };
    const { spy } = await fileMethod('read');
    await expect(store.open(liar)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    const reads = spy.mock.calls.length;
    expect(reads).toBeGreaterThan(0);
    await expect(store.open(liar)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(spy).toHaveBeenCalledTimes(reads);
    const then = new Date('2020-01-01');
    await utimes(join(folder, path), then, then);
    await expect(store.open(liar)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(spy.mock.calls.length).toBeGreaterThan(reads);
  });
});

describe('a blob that was changed after it was used', () => {
  async function changed(change: (at: string) => Promise<unknown>) {
    const { folder, store } = await emptyStore();
    await put(store);
    await (await store.open(descriptor))?.close();
    const at = join(folder, path);
    await chmod(at, 0o600);
    await change(at);
    const reader = await store.open(descriptor);
    await reader?.close();
    return { isThere: reader !== undefined, left: await readdir(join(folder, 'blobs/sha256')) };
  }

  it.each([
    ['to others of the same size', (at: string) => writeFile(at, damaged(bytes, 17))],
    ['to a link in a ring', (at: string) => rm(at).then(() => symlink(at, at))],
    ['to an empty folder', (at: string) => rm(at).then(() => mkdir(at))],
    ['to a pipe', (at: string) => rm(at).then(() => promisify(execFile)('mkfifo', [at]))],
  ])('%s is dropped', async (_name, change) => {
    expect(await changed(change)).toEqual({ isThere: false, left: [] });
  });

  it('to what it was stays', async () => {
    expect(await changed((at) => writeFile(at, bytes))).toMatchObject({ isThere: true });
  });

  it('to a folder of somebody is an error that says so', async () => {
    const refused = changed(async (at) => {
      await rm(at);
      await mkdir(at);
      await writeFile(join(at, 'mine'), 'precious');
    });
    await expect(refused).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
  });
});

describe('listing a cache folder', () => {
  it('touches nothing, and passes over what is no blob', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    const ingest = await store.ingest(descriptor);
    await writeFile(join(folder, 'blobs/sha256', 'README'), 'mine');
    await mkdir(join(folder, 'blobs/sha256', 'ab'.repeat(32)));
    const before = (await readdir(folder, { recursive: true })).sort();
    expect(await listBlobs(folder)).toMatchObject([{ digest: descriptor.digest, size: bytes.length }]);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(before);
    await ingest.close();
  });

  it('of a folder that is not there yet finds nothing, and does not make it', async () => {
    const folder = await temporaryFolder();
    expect(await listBlobs(join(folder, 'cache'))).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('of what is no folder is a clear error', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(listBlobs(file)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('ENOTDIR') as string,
    });
  });
});

async function put(store: BlobStore): Promise<void> {
  const ingest = await store.ingest(descriptor);
  await ingest.write(bytes);
  await ingest.commit();
  await ingest.close();
}

async function putWhenMissing(store: BlobStore): Promise<void> {
  const reader = await store.open(descriptor);
  if (reader === undefined) await put(store);
  await reader?.close();
}

async function turnsOfTheDisk(folder: string): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await stat(folder);
}

async function damage(file: string, length: number): Promise<void> {
  await chmod(file, 0o644);
  await truncate(file, length);
}

/** The next call of a method of any file fails; a full disk is not to be had without being root. */
async function failing(method: 'write' | 'sync' | 'read', errno: string): Promise<void> {
  const { spy } = await fileMethod(method);
  spy.mockRejectedValueOnce(Object.assign(new Error(`${errno}: simulated`), { code: errno }));
}
