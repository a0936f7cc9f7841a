import { describe, expect, it } from 'vitest';
import type { BlobStore, ByteReader } from '../../src/blob/blob-store.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import { blobOf, damaged } from '../fixtures/blobs.js';

/** What every store of blobs does. `open` gives an empty one. */
export function blobStoreContract(open: () => Promise<BlobStore>): void {
  describe('as a blob store', () => {
    const { bytes, descriptor } = blobOf(10_000);

    it('gives back what was committed', async () => {
      const store = await open();
      expect(await store.open(descriptor)).toBeUndefined();
      await put(store, descriptor, bytes.subarray(0, 7_000), bytes.subarray(7_000));
      expect(await contents(store, descriptor)).toEqual(bytes);
    });

    it('keeps an empty blob', async () => {
      const store = await open();
      const empty = blobOf(0);
      await put(store, empty.descriptor);
      expect(await contents(store, empty.descriptor)).toEqual(empty.bytes);
      expect(await store.list()).toEqual([{ digest: empty.descriptor.digest, size: 0 }]);
    });

    it('has a blob only once it is committed', async () => {
      const store = await open();
      const ingest = await store.ingest(descriptor);
      await ingest.write(bytes);
      expect(await store.open(descriptor)).toBeUndefined();
      expect(await store.list()).toEqual([]);
      await ingest.commit();
      await ingest.close();
      expect(await store.list()).toEqual([{ digest: descriptor.digest, size: bytes.length }]);
    });

    it('lets what was written be read while it grows, and after', async () => {
      const store = await open();
      const ingest = await store.ingest(descriptor);
      expect([ingest.written, await readAt(ingest, 0, 10)]).toEqual([0, Buffer.alloc(0)]);
      await ingest.write(bytes.subarray(0, 6_000));
      expect(ingest.written).toBe(6_000);
      expect(await readAt(ingest, 5_990, 100)).toEqual(bytes.subarray(5_990, 6_000));
      await ingest.write(bytes.subarray(6_000));
      await ingest.commit();
      expect(await readAt(ingest, 9_900, 200)).toEqual(bytes.subarray(9_900));
      await ingest.close();
    });

    it('does not keep the buffer it was given', async () => {
      const store = await open();
      const ingest = await store.ingest(descriptor);
      const buffer = Buffer.from(bytes);
      await ingest.write(buffer);
      buffer.fill(0);
      await ingest.commit();
      await ingest.close();
      expect(await contents(store, descriptor)).toEqual(bytes);
    });

    it.each([
      ['wrong bytes', damaged(bytes, 9_999)],
      ['too few', bytes.subarray(0, -1)],
      ['none', Buffer.alloc(0)],
    ])('refuses %s when they are committed, and keeps nothing', async (_, received) => {
      const store = await open();
      const ingest = await store.ingest(descriptor);
      await ingest.write(received);
      await expect(ingest.commit()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(await readAt(ingest, 0, 20_000)).toEqual(received);
      await ingest.close();
      expect(await store.open(descriptor)).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });

    it('refuses the right bytes when another size was promised', async () => {
      const store = await open();
      const ingest = await store.ingest({ ...descriptor, size: bytes.length + 1 });
      await ingest.write(bytes);
      await expect(ingest.commit()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      await ingest.close();
      expect(await store.open(descriptor)).toBeUndefined();
    });

    it('refuses too many as soon as they come', async () => {
      const store = await open();
      const ingest = await store.ingest(descriptor);
      await ingest.write(bytes);
      await expect(ingest.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(ingest.written).toBe(bytes.length);
      await ingest.abort();
      await ingest.close();
      expect(await store.open(descriptor)).toBeUndefined();
    });

    it('forgets what is aborted, and lets it come again', async () => {
      const store = await open();
      const ingest = await store.ingest(descriptor);
      await ingest.write(bytes);
      await ingest.abort();
      await ingest.abort();
      expect(await readAt(ingest, 0, 20_000)).toEqual(bytes);
      await ingest.close();
      expect(await store.open(descriptor)).toBeUndefined();
      await put(store, descriptor, bytes);
      expect(await contents(store, descriptor)).toEqual(bytes);
    });

    it('keeps what was committed when that is aborted afterwards', async () => {
      const store = await open();
      const ingest = await store.ingest(descriptor);
      await ingest.write(bytes);
      await ingest.commit();
      await ingest.abort();
      expect(await readAt(ingest, 0, 5)).toEqual(bytes.subarray(0, 5));
      await ingest.close();
      expect(await contents(store, descriptor)).toEqual(bytes);
    });

    it('takes the same blob again', async () => {
      const store = await open();
      await put(store, descriptor, bytes);
      await put(store, descriptor, bytes);
      expect(await contents(store, descriptor)).toEqual(bytes);
      expect(await store.list()).toHaveLength(1);
    });

    it('says so when a descriptor gives an intact blob another size', async () => {
      const store = await open();
      await put(store, descriptor, bytes);
      for (const size of [bytes.length - 1, bytes.length + 1]) {
        await expect(store.open({ ...descriptor, size })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      }
      expect(await contents(store, descriptor)).toEqual(bytes);
    });

    it('reads any part, and nothing beyond the end', async () => {
      const store = await open();
      await put(store, descriptor, bytes);
      const reader = await opened(store, descriptor);
      expect(await readAt(reader, 1_234, 678)).toEqual(bytes.subarray(1_234, 1_234 + 678));
      expect(await readAt(reader, 9_999, 10)).toEqual(bytes.subarray(9_999));
      expect(await readAt(reader, 10_000, 10)).toEqual(Buffer.alloc(0));
      expect(await readAt(reader, 20_000, 10)).toEqual(Buffer.alloc(0));
      await reader.close();
    });

    it('lists what it has by digest', async () => {
      const store = await open();
      const blobs = [1, 2, 3, 4, 5].map((seed) => blobOf(10 * seed, seed));
      for (const blob of blobs) await put(store, blob.descriptor, blob.bytes);
      const expected = blobs.map(({ descriptor: { digest, size } }) => ({ digest, size }));
      expect(await store.list()).toEqual(expected.sort((a, b) => (a.digest < b.digest ? -1 : 1)));
    });

    it('tells what it holds, and when that was used', async () => {
      const store = await open();
      const before = Date.now() - 1_000;
      await put(store, descriptor, bytes);
      await (await opened(store, descriptor)).close();
      const [held, another] = await store.holdings();
      expect([held, another]).toMatchObject([
        { digest: descriptor.digest, size: bytes.length, isPart: false },
        undefined,
      ]);
      expect(held?.lastUsed).toBeGreaterThan(before);
      expect(await store.room()).toBeGreaterThanOrEqual(0);
      expect(await store.deletePart(descriptor.digest)).toBe(false);
    });

    it('finds a blob intact that is, piece by piece, and none where there is none', async () => {
      const store = await open();
      await put(store, descriptor, bytes);
      let read = 0;
      const pause = async (count: number) => {
        read += count;
      };
      expect([await store.recheck(descriptor.digest, pause), read]).toEqual(['intact', bytes.length]);
      expect(await store.recheck(blobOf(1).descriptor.digest, pause)).toBe('gone');
      const ending = async () => Promise.reject(new Error('enough'));
      await expect(store.recheck(descriptor.digest, ending)).rejects.toThrow('enough');
      expect(await store.list()).toHaveLength(1);
    });

    it('deletes, and whoever reads goes on reading', async () => {
      const store = await open();
      await put(store, descriptor, bytes);
      const reader = await opened(store, descriptor);
      expect(await store.delete(descriptor.digest)).toBe(true);
      expect(await store.delete(descriptor.digest)).toBe(false);
      expect(await store.open(descriptor)).toBeUndefined();
      expect(await store.list()).toEqual([]);
      expect(await readAt(reader, 0, bytes.length)).toEqual(bytes);
      await reader.close();
    });
  });
}

async function put(store: BlobStore, descriptor: Descriptor, ...pieces: readonly Uint8Array[]): Promise<void> {
  const ingest = await store.ingest(descriptor);
  for (const piece of pieces) await ingest.write(piece);
  await ingest.commit();
  await ingest.close();
}

async function opened(store: BlobStore, descriptor: Descriptor): Promise<ByteReader> {
  const reader = await store.open(descriptor);
  if (reader === undefined) throw new Error(`${descriptor.digest} is not stored`);
  return reader;
}

async function contents(store: BlobStore, descriptor: Descriptor): Promise<Buffer> {
  const reader = await opened(store, descriptor);
  try {
    return await readAt(reader, 0, descriptor.size + 1);
  } finally {
    await reader.close();
  }
}

async function readAt(reader: ByteReader, position: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length);
  return target.subarray(0, await reader.read(target, position));
}
