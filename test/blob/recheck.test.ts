import { chmod, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BlobStore } from '../../src/blob/blob-store.js';
import { verifyBlobs } from '../../src/blob/disk-verify.js';
import { blobPath } from '../../src/blob/layout.js';
import type * as DiskAccess from '../../src/disk-access.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { emptyStore } from '../fixtures/disk-store.js';

/** The system's answer to whoever opens a file to read it, when it is to be one. */
const system = vi.hoisted(() => ({ error: undefined as string | undefined }));
vi.mock('../../src/disk-access.js', async (importOriginal) => {
  const real = await importOriginal<typeof DiskAccess>();
  const openFileWithStats: typeof real.openFileWithStats = async (...args) => {
    if (system.error !== undefined) throw Object.assign(new Error('as told'), { code: system.error });
    return real.openFileWithStats(...args);
  };
  return { ...real, openFileWithStats };
});
afterEach(() => {
  system.error = undefined;
});

const { bytes, descriptor } = blobOf(10_000);

describe('checking a blob again', () => {
  const at = (folder: string) => join(folder, blobPath(descriptor.digest));
  const noPause = async () => undefined;

  async function changed(change: (path: string) => Promise<unknown>) {
    const { folder, store } = await emptyStore();
    await put(store);
    await chmod(at(folder), 0o600);
    await change(at(folder));
    return { folder, store };
  }

  it.each([
    ['of the same size', (path: string) => writeFile(path, damaged(bytes, 77))],
    ['shorter', (path: string) => truncate(path, 5)],
    ['empty', (path: string) => truncate(path, 0)],
  ])('drops one that is damaged and %s', async (_name, change) => {
    const { folder, store } = await changed(change);
    expect(await store.recheck(descriptor.digest, noPause)).toBe('damaged');
    expect(await readdir(join(folder, 'blobs/sha256'))).toEqual([]);
  });

  it.each([
    ['EMFILE', 'BLOB_UNAVAILABLE'],
    ['ENFILE', 'BLOB_UNAVAILABLE'],
    ['EACCES', 'DATA_UNUSABLE'],
    ['ENOMEM', 'DATA_UNUSABLE'],
  ])('keeps one that this process cannot open (%s)', async (error, code) => {
    const { folder, store } = await emptyStore();
    await put(store);
    system.error = error;
    await expect(store.recheck(descriptor.digest, noPause)).rejects.toMatchObject({ code });
    expect(await readdir(join(folder, 'blobs/sha256'))).toHaveLength(1);
  });

  it('drops one that the disk cannot give any more', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    system.error = 'EIO';
    expect(await store.recheck(descriptor.digest, noPause)).toBe('damaged');
    expect(await readdir(join(folder, 'blobs/sha256'))).toEqual([]);
  });

  it('says of a folder whether its blobs are damaged or only not to be read', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    const states = [];
    for (const error of ['EIO', 'EACCES', 'ENOENT', undefined]) {
      system.error = error;
      for await (const { state } of verifyBlobs(folder)) states.push(state);
    }
    expect(states).toEqual(['damaged', 'unreadable', 'gone', 'intact']);
  });

  it('leaves one alone that came anew while the old one was read', async () => {
    const { folder, store } = await changed((path) => writeFile(path, damaged(bytes, 77)));
    const renew = async () => {
      await rm(at(folder));
      await put(store);
    };
    expect(await store.recheck(descriptor.digest, renew)).toBe('gone');
    expect(await store.recheck(descriptor.digest, noPause)).toBe('intact');
  });

  it('does not count as use', async () => {
    const { folder, store } = await emptyStore();
    await put(store);
    const long = new Date('2020-01-01');
    await utimes(at(folder), long, long);
    await store.recheck(descriptor.digest, noPause);
    expect((await stat(at(folder))).atimeMs).toBe(long.getTime());
  });
});

async function put(store: BlobStore): Promise<void> {
  const ingest = await store.ingest(descriptor);
  await ingest.write(bytes);
  await ingest.commit();
  await ingest.close();
}
