import { type FileHandle, mkdir, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DiskBlobStore } from '../../src/blob/disk-blob-store.js';
import { blobOf } from '../fixtures/blobs.js';
import { emptyStore, fileMethod } from '../fixtures/disk-store.js';
import { temporaryFolder } from '../fixtures/folder.js';

const { bytes, descriptor } = blobOf(10_000);

describe('a download that was kept', () => {
  /** What is left in `ingest` of a download of so many bytes, whose file was then changed. */
  async function kept(received: number, change: (file: FileHandle) => Promise<unknown> = async () => undefined) {
    const folder = await temporaryFolder();
    const store = await DiskBlobStore.open(folder);
    const ingest = await store.ingest(descriptor);
    await ingest.write(bytes.subarray(0, received));
    ingest.keep();
    await ingest.close();
    const [name = ''] = await readdir(join(folder, 'ingest'));
    const file = await open(join(folder, 'ingest', name), 'r+');
    await change(file);
    await file.close();
    return { folder, store };
  }

  it.each<[string, number, number, ((file: FileHandle) => Promise<unknown>)?]>([
    ['is whole', 6_000, 6_000],
    ['lost its end', 6_000, 4_000, (file) => file.truncate(4_000)],
    ['ends in zeros where the power was cut', 6_000, 4_001, (file) => file.write(Buffer.alloc(1_999), 0, 1_999, 4_001)],
    ['is nothing but zeros', 6_000, 0, (file) => file.write(Buffer.alloc(6_000), 0, 6_000, 0)],
    ['is larger than it can be', 6_000, 0, (file) => file.truncate(bytes.length + 1)],
  ])('goes on where it ended when it %s', async (_name, received, resumed, change) => {
    const { folder, store } = await kept(received, change);
    const ingest = await store.ingest(descriptor);
    // Bytes of the blob itself may be zero there.
    expect(ingest.written).toBeLessThanOrEqual(resumed);
    expect(ingest.written).toBeGreaterThan(resumed - 10);
    await ingest.write(bytes.subarray(ingest.written));
    await ingest.commit();
    await ingest.close();
    expect([await store.list(), await readdir(join(folder, 'ingest'))]).toEqual([
      [{ digest: descriptor.digest, size: bytes.length }],
      [],
    ]);
  });

  it.each([
    ['a folder', (path: string) => mkdir(path)],
    ['a link to a file of somebody else', (path: string, other: string) => symlink(other, path)],
    ['a link to nothing', (path: string) => symlink('nowhere', path)],
  ])('begins anew where there is %s in its place', async (_name, put) => {
    const { folder, store } = await kept(6_000);
    const [name = ''] = await readdir(join(folder, 'ingest'));
    const [path, other] = [join(folder, 'ingest', name), join(folder, 'other')];
    await writeFile(other, 'precious');
    await rm(path);
    await put(path, other);
    const ingest = await store.ingest(descriptor);
    await ingest.write(bytes);
    await ingest.commit();
    await ingest.close();
    expect(await store.list()).toHaveLength(1);
    expect(await readFile(other, 'utf8')).toBe('precious');
  });

  it('is left alone by a download that is said to be of another size', async () => {
    const { folder, store } = await kept(6_000);
    const lie = await store.ingest({ ...descriptor, size: 1_000 });
    expect(lie.written).toBe(0);
    await lie.abort();
    await lie.close();
    expect(await readdir(join(folder, 'ingest'))).toHaveLength(1);
    const ingest = await store.ingest(descriptor);
    expect(ingest.written).toBe(6_000);
    await ingest.close();
  });

  it('begins anew after it has proven wrong', async () => {
    const { folder, store } = await kept(6_000, (file) => file.write(Buffer.from('x'), 0, 1, 17));
    const wrong = await store.ingest(descriptor);
    await wrong.write(bytes.subarray(wrong.written));
    await expect(wrong.commit()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await wrong.close();
    expect(await readdir(join(folder, 'ingest'))).toEqual([]);
    const anew = await store.ingest(descriptor);
    expect(anew.written).toBe(0);
    await anew.close();
  });

  it('is counted, and goes when it is to, but not while it is being written', async () => {
    const { store } = await kept(6_000);
    const { digest } = descriptor;
    expect(await store.holdings()).toMatchObject([{ digest, size: 6_000, isPart: true }]);
    const ingest = await store.ingest(descriptor);
    expect([await store.holdings(), await store.deletePart(digest)]).toEqual([[], false]);
    ingest.keep();
    await ingest.close();
    expect([await store.deletePart(digest), await store.holdings(), await store.deletePart(digest)]).toEqual([
      true,
      [],
      false,
    ]);
  });
});

describe('a disk that is full for a moment', () => {
  it('takes the same bytes when there is room again', async () => {
    const { store } = await emptyStore();
    const ingest = await store.ingest(descriptor);
    await ingest.write(bytes.subarray(0, 1_000));
    const { spy } = await fileMethod('write');
    spy.mockRejectedValueOnce(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    await expect(ingest.write(bytes.subarray(1_000))).rejects.toMatchObject({ code: 'DISK_FULL' });
    await ingest.write(bytes.subarray(1_000));
    await ingest.commit();
    await ingest.close();
    expect(await store.recheck(descriptor.digest, async () => undefined)).toBe('intact');
  });

  it('that told of its trouble while more came makes no blob of what is lost', async () => {
    const large = blobOf(40 * 1024 * 1024);
    const { folder, store } = await emptyStore();
    const ingest = await store.ingest(large.descriptor);
    const { spy } = await fileMethod('datasync');
    spy.mockRejectedValueOnce(Object.assign(new Error('disk'), { code: 'EIO' }));
    for (const half of [large.bytes.subarray(0, 20 * 1024 * 1024), large.bytes.subarray(20 * 1024 * 1024)]) {
      await ingest.write(half);
    }
    await expect(ingest.commit()).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
    await ingest.close();
    expect([await store.list(), await readdir(join(folder, 'ingest'))]).toEqual([[], []]);
    expect(spy).toHaveBeenCalled();
  });
});
