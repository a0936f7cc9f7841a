import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { followingReader } from '../../src/blob/blob-reader.js';
import type { BlobSource, BlobStore } from '../../src/blob/blob-store.js';
import { Fill, HOLD_BACK_BYTES } from '../../src/blob/fill.js';
import { MemoryBlobStore } from '../../src/blob/memory-blob-store.js';
import type { BootEvent } from '../../src/boot/event.js';
import { BootlayerError } from '../../src/errors.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { BrokenStore } from '../fakes/broken-store.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { isWaiting, settled } from '../fixtures/waiting.js';

const KIB = 1024;
const { bytes, descriptor } = blobOf(1000 * KIB);
/** What readers may have before the digest is proven. */
const SHOWN = 1000 * KIB - HOLD_BACK_BYTES;

describe('a fill', () => {
  it('stores what comes and tells of it', async () => {
    const source = new ReadySource(bytes.subarray(0, 5), bytes.subarray(5));
    const { fill, store, events } = setUp(source);
    await fill.run();
    expect(await store.list()).toEqual([{ digest: descriptor.digest, size: bytes.length }]);
    const { digest, size } = descriptor;
    expect(events).toEqual([
      { event: 'fill.started', digest, size, source: source.name },
      { event: 'fill.finished', digest, bytes: size, seconds: 1.5, source: source.name },
    ]);
  });

  it('stores an empty blob', async () => {
    const empty = blobOf(0);
    const { fill, store } = setUp(new ReadySource(), { descriptor: empty.descriptor });
    const reader = followingReader(fill);
    const end = reader.available(0);
    await fill.run();
    expect(await end).toBe(0);
    expect(await store.list()).toEqual([{ digest: empty.descriptor.digest, size: 0 }]);
  });

  it('writes little pieces as large ones, and large ones too', async () => {
    const writes: number[] = [];
    const store = new BrokenStore(new MemoryBlobStore(), {
      writing: async ({ length }) => {
        if (length > 0) writes.push(length);
      },
    });
    const small = Array.from({ length: 500 }, (_, at) => bytes.subarray(at * KIB, (at + 1) * KIB));
    const { fill } = setUp(new ReadySource(...small, bytes.subarray(500 * KIB)), { store });
    await fill.run();
    expect(writes).toEqual([256 * KIB, 256 * KIB, 256 * KIB, 232 * KIB]);
  });

  it('takes one piece more from the source while the disk takes what came, and no further', async () => {
    let letWrite: () => void = () => undefined;
    const writing = () => new Promise<void>((resolve) => (letWrite = resolve));
    const source = new ScriptedSource();
    const { fill } = setUp(source, { store: new BrokenStore(new MemoryBlobStore(), { writing }) });
    const run = fill.run();
    const feed = await source.feed();
    await feed.send(bytes.subarray(0, 256 * KIB));
    const taken = feed.send(bytes.subarray(256 * KIB, 512 * KIB));
    expect(await isWaiting(taken)).toBe(true);
    letWrite();
    await taken;
    letWrite();
    fill.abort();
    await run;
  });
});

describe('those who follow a fill', () => {
  it('see bytes as they arrive, and the last ones only when the digest is proven', async () => {
    const source = new ScriptedSource();
    const { fill } = setUp(source);
    const reader = followingReader(fill);
    const run = fill.run();
    const first = reader.available(0);
    expect(await isWaiting(first)).toBe(true);
    const feed = await source.feed();
    await feed.send(bytes.subarray(0, 300 * KIB));
    expect(await first).toBe(256 * KIB);
    expect(await reader.available(100)).toBe(256 * KIB - 100);
    await feed.send(bytes.subarray(300 * KIB));
    expect(await reader.available(0)).toBe(768 * KIB);
    const whole = reader.whole();
    expect(await isWaiting(whole)).toBe(true);
    feed.end();
    await run;
    await whole;
    expect(await reader.available(SHOWN)).toBe(HOLD_BACK_BYTES);
    expect(await reader.available(bytes.length)).toBe(0);
    expect(bytes.equals(await all(reader))).toBe(true);
    await reader.close();
  });

  it.each([
    ['wrong in its first byte', [damaged(bytes, 0)], 'DIGEST_MISMATCH'],
    ['wrong in its last byte', [damaged(bytes, bytes.length - 1)], 'DIGEST_MISMATCH'],
    ['one byte short', [bytes.subarray(0, -1)], 'BLOB_UNAVAILABLE'],
    ['one byte long', [bytes, Buffer.from('x')], 'DIGEST_MISMATCH'],
    ['cut off', [bytes.subarray(0, 10)], 'BLOB_UNAVAILABLE'],
    ['missing', [], 'BLOB_UNAVAILABLE'],
  ])('never see the end of a blob that is %s', async (_, chunks, code) => {
    const { fill, store, events } = setUp(new ReadySource(...chunks));
    const reader = followingReader(fill);
    let seen = 0;
    const follow = async () => {
      for (;;) seen += await reader.available(seen);
    };
    const [followed, , whole] = await Promise.allSettled([follow(), fill.run(), reader.whole()]);
    expect(seen).toBeLessThanOrEqual(SHOWN);
    for (const { reason } of [followed, whole] as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code });
    }
    for (const position of [0, SHOWN, bytes.length - 1, bytes.length]) {
      await expect(reader.available(position)).rejects.toMatchObject({ code });
      await expect(reader.read(Buffer.alloc(1), position)).rejects.toMatchObject({ code });
    }
    expect(await store.list()).toEqual([]);
    expect(events.at(-1)).toMatchObject({ event: 'fill.failed', code });
    await reader.close();
  });

  it('cannot read what is held back, though it is stored', async () => {
    const blob = blobOf(512 * KIB);
    const shown = 512 * KIB - HOLD_BACK_BYTES;
    const source = new ScriptedSource();
    const { fill } = setUp(source, { descriptor: blob.descriptor });
    const reader = followingReader(fill);
    const run = fill.run();
    const feed = await source.feed();
    await feed.send(blob.bytes);
    await settled();
    const target = Buffer.alloc(512 * KIB);
    expect(await reader.read(target, 0)).toBe(shown);
    expect(await reader.read(target, shown)).toBe(0);
    expect(await isWaiting(reader.available(shown))).toBe(true);
    feed.end();
    await run;
    expect(await reader.read(target, shown)).toBe(HOLD_BACK_BYTES);
  });

  it.each([1, HOLD_BACK_BYTES])('see nothing of a blob of %d bytes before its digest is proven', async (size) => {
    const blob = blobOf(size);
    const source = new ScriptedSource();
    const { fill } = setUp(source, { descriptor: blob.descriptor });
    const reader = followingReader(fill);
    const run = fill.run();
    const feed = await source.feed();
    await feed.send(blob.bytes);
    expect(await reader.read(Buffer.alloc(size), 0)).toBe(0);
    const first = reader.available(0);
    expect(await isWaiting(first)).toBe(true);
    feed.end();
    await run;
    expect(await first).toBe(size);
  });

  it('may hang up: the fill goes on, and the others', async () => {
    const source = new ScriptedSource();
    const { fill, store } = setUp(source);
    const [one, other] = [followingReader(fill), followingReader(fill)];
    const run = fill.run();
    const feed = await source.feed();
    const hangUp = new AbortController();
    const waiting = one.available(0, hangUp.signal);
    hangUp.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await one.close();
    await one.close();
    await feed.send(bytes);
    feed.end();
    await run;
    expect(bytes.equals(await all(other))).toBe(true);
    await other.close();
    expect(await store.list()).toHaveLength(1);
  });

  it('keep the ingest open until the last of them has closed', async () => {
    let closed = 0;
    const closing = async () => {
      closed += 1;
    };
    const { fill } = setUp(new ReadySource(bytes), { store: new BrokenStore(new MemoryBlobStore(), { closing }) });
    const [one, other] = [followingReader(fill), followingReader(fill)];
    await fill.run();
    await one.close();
    await one.close();
    expect(closed).toBe(0);
    expect(bytes.equals(await all(other))).toBe(true);
    await other.close();
    expect(closed).toBe(1);
  });

  it('leave nothing on a signal that outlives their wait', async () => {
    const source = new ScriptedSource();
    const { fill } = setUp(source);
    const reader = followingReader(fill);
    const { signal } = new AbortController();
    const waits = [reader.available(0, signal), reader.whole(signal)];
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    const run = fill.run();
    const feed = await source.feed();
    await feed.send(bytes);
    feed.end();
    await Promise.all([...waits, run]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('are not kept waiting by a signal that is aborted already', async () => {
    const { fill } = setUp(new ScriptedSource());
    const reader = followingReader(fill);
    await expect(reader.available(0, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    await expect(reader.whole(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });
});

describe('a fill that fails', () => {
  it('because the source does ends with its error', async () => {
    const source = new ScriptedSource();
    const { fill, store, events } = setUp(source);
    const reader = followingReader(fill);
    const run = fill.run();
    const feed = await source.feed();
    await feed.send(bytes.subarray(0, 300 * KIB));
    const waiting = reader.whole();
    const broken = new BootlayerError('REGISTRY_UNREACHABLE', 'registry.example closed the connection');
    feed.fail(broken);
    const again = await source.feed(1);
    expect(again.from).toBe(300 * KIB);
    again.fail(broken);
    await expect(waiting).rejects.toBe(broken);
    await run;
    expect(events.at(-1)).toEqual({
      event: 'fill.failed',
      digest: descriptor.digest,
      bytes: 300 * KIB,
      seconds: 1.5,
      source: source.name,
      code: 'REGISTRY_UNREACHABLE',
      reason: 'registry.example closed the connection',
    });
    expect(await store.list()).toEqual([]);
  });

  it('because the source cannot even begin ends with its error', async () => {
    const broken = new BootlayerError('IMAGE_NOT_FOUND', 'registry.example has no such blob');
    const source: BlobSource = { name: 'registry.example', fetch: () => Promise.reject(broken) };
    const { fill, events } = setUp(source);
    const waiting = expect(followingReader(fill).available(0)).rejects.toBe(broken);
    await fill.run();
    await waiting;
    expect(events.at(-1)).toMatchObject({ event: 'fill.failed', bytes: 0, code: 'IMAGE_NOT_FOUND' });
  });

  it.each(['beginning', 'writing'] as const)('because the disk is full when %s lets go of the source', async (when) => {
    const full = async () => {
      throw new BootlayerError('DISK_FULL', 'the disk of /data is full');
    };
    const source = new ScriptedSource();
    const { fill, events } = setUp(source, { store: new BrokenStore(new MemoryBlobStore(), { [when]: full }) });
    const reader = followingReader(fill);
    const run = fill.run();
    const failed = expect(reader.whole()).rejects.toMatchObject({ code: 'DISK_FULL' });
    if (when === 'writing') {
      const feed = await source.feed();
      void feed.send(bytes);
      await run;
      expect(feed.released).toBe(true);
    }
    await run;
    await failed;
    expect(source.fetches).toBe(when === 'writing' ? 1 : 0);
    expect(events.at(-1)).toMatchObject({ event: 'fill.failed', bytes: 0, code: 'DISK_FULL' });
    await reader.close();
  });

  it('tells the first reason when cleaning up fails as well', async () => {
    const failing = async () => {
      throw new Error('cannot clean up');
    };
    const store = new BrokenStore(new MemoryBlobStore(), { aborting: failing, closing: failing });
    const { fill } = setUp(new ReadySource(damaged(bytes, 0)), { store });
    const reader = followingReader(fill);
    const whole = expect(reader.whole()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await expect(fill.run()).resolves.toBeUndefined();
    await whole;
    await expect(reader.close()).resolves.toBeUndefined();
  });

  it('when it is given up, waiting or not', async () => {
    const source = new ScriptedSource();
    const { fill, events } = setUp(source);
    const reader = followingReader(fill);
    const whole = expect(reader.whole()).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    const run = fill.run();
    await (await source.feed()).send(bytes.subarray(0, 10));
    fill.abort();
    await run;
    await whole;
    expect((await source.feed()).released).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'fill.failed', code: 'BLOB_UNAVAILABLE' });
  });

  it('when it is given up though the source goes on', async () => {
    const chunk = bytes.subarray(0, KIB);
    let given = 0;
    const deaf: BlobSource = {
      name: 'deaf',
      fetch: async () =>
        (async function* () {
          for (; given < 1000; given += 1) {
            if (given === 100) fill.abort();
            yield chunk;
          }
        })(),
    };
    const { fill } = setUp(deaf);
    await fill.run();
    await settled();
    expect(given).toBe(100);
  });
});

type Setting = { readonly store?: BlobStore; readonly descriptor?: Descriptor };

/** A fill that takes a second and a half. */
function setUp(source: BlobSource, setting: Setting = {}) {
  const store = setting.store ?? new MemoryBlobStore();
  const events: BootEvent[] = [];
  const now = () => (events.length === 0 ? 0 : 1500);
  const told = (event: BootEvent) => void events.push(event);
  const parts = { store, sources: [source], events: told, now, wait: async () => undefined };
  return { fill: new Fill(setting.descriptor ?? descriptor, parts), store, events };
}

async function all(reader: ReturnType<typeof followingReader>): Promise<Buffer> {
  const target = Buffer.alloc(reader.size);
  let done = 0;
  for (let count = -1; count !== 0; done += count) count = await reader.read(target.subarray(done), done);
  return target.subarray(0, done);
}
