import { describe, expect, it } from 'vitest';
import type { BlobSource } from '../../src/blob/blob-store.js';
import { BootlayerError } from '../../src/errors.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { cacheInMemory, cacheWithPart, follow } from '../fixtures/blob-cache.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { gate, isWaiting, settled } from '../fixtures/waiting.js';

const KIB = 1024;
const { bytes, descriptor } = blobOf(700 * KIB);

describe('the blob cache', () => {
  it('fetches once for fifty readers, whenever they come', async () => {
    const source = new ScriptedSource();
    const { cache, events } = cacheInMemory();
    const early = Array.from({ length: 25 }, async () => follow(await cache.open(descriptor, [source])));
    const feed = await source.feed();
    await feed.send(bytes.subarray(0, 600 * KIB));
    const late = Array.from({ length: 25 }, async () => follow(await cache.open(descriptor, [source])));
    await settled();
    await feed.send(bytes.subarray(600 * KIB));
    feed.end();
    for (const read of await Promise.all([...early, ...late])) expect(read.equals(bytes)).toBe(true);
    const after = await follow(await cache.open(descriptor, [source]));
    expect(after.equals(bytes)).toBe(true);
    expect(source.fetches).toBe(1);
    expect(events.map(({ event }) => event)).toEqual(['fill.started', 'fill.finished']);
  });

  it('fills different blobs at once, up to a number, and the others in turn', async () => {
    const blobs = [1, 2, 3, 4].map((seed) => ({ ...blobOf(100, seed), source: new ScriptedSource() }));
    const { cache, events } = cacheInMemory({ maxFills: 2 });
    for (const { descriptor: one, source } of blobs) cache.prefetch(one, [source]);
    await settled();
    const fetched = () => blobs.map(({ source }) => source.fetches);
    expect(fetched()).toEqual([1, 1, 0, 0]);
    for (const [at, next] of [
      [1, [1, 1, 1, 0]],
      [0, [1, 1, 1, 1]],
    ] as const) {
      const feed = await blobs[at]?.source.feed();
      void feed?.send(blobs[at]?.bytes ?? Buffer.alloc(0));
      feed?.end();
      await settled();
      expect(fetched()).toEqual(next);
    }
    expect(events.filter(({ event }) => event === 'fill.finished')).toHaveLength(2);
  });

  it('lets a place that is stuck not keep the others waiting', async () => {
    const { cache } = cacheInMemory();
    const stuck = Array.from({ length: 6 }, (_, seed) => ({
      ...blobOf(100, seed + 10),
      source: new ScriptedSource('stuck.lab/os'),
    }));
    for (const { descriptor: one, source } of stuck) cache.prefetch(one, [source]);
    const well = new ScriptedSource('well.lab/os');
    cache.prefetch(descriptor, [well]);
    await settled();
    expect(stuck.map(({ source }) => source.fetches)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(well.fetches).toBe(1);
    await cache.close();
  });

  it('tells of a descriptor that lies, though nothing is downloaded', async () => {
    const source = new ScriptedSource();
    const { cache, events } = cacheInMemory();
    const opening = cache.open(descriptor, [source]);
    const feed = await source.feed();
    cache.prefetch({ ...descriptor, size: descriptor.size - 1 }, [source]);
    await settled();
    expect(events.filter(({ event }) => event === 'fill.failed')).toMatchObject([
      { code: 'DIGEST_MISMATCH', bytes: 0 },
    ]);
    await feed.send(bytes);
    feed.end();
    await (await opening).close();
  });

  it('goes on filling when every reader has gone', async () => {
    const source = new ScriptedSource();
    const { cache } = cacheInMemory();
    const reader = await cache.open(descriptor, [source]);
    const feed = await source.feed();
    await reader.close();
    await feed.send(bytes);
    feed.end();
    await settled();
    expect((await follow(await cache.open(descriptor, [source]))).equals(bytes)).toBe(true);
    expect(source.fetches).toBe(1);
  });

  it('lets a reader that joined go on after the commit, and after the blob was deleted', async () => {
    const source = new ReadySource(bytes);
    const { cache, store } = cacheInMemory();
    const reader = await cache.open(descriptor, [source]);
    await reader.whole();
    await settled();
    expect(await store.delete(descriptor.digest)).toBe(true);
    expect((await follow(reader)).equals(bytes)).toBe(true);
  });

  it('tries again when somebody asks after a failure, and not before', async () => {
    const source = new ScriptedSource();
    const { cache } = cacheInMemory();
    const read = async () => follow(await cache.open(descriptor, [source]));
    const readers = [read(), read()];
    (await source.feed()).fail(new BootlayerError('REGISTRY_UNREACHABLE', 'registry.example is down'));
    for (const reader of readers) await expect(reader).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    await settled();
    expect(source.fetches).toBe(1);
    const again = read();
    const feed = await source.feed(1);
    await feed.send(bytes);
    feed.end();
    expect((await again).equals(bytes)).toBe(true);
    expect(source.fetches).toBe(2);
  });

  it('asks other sources for the rest, and tells of it', async () => {
    const [mirror, upstream] = [new ScriptedSource('mirror.lab/os'), new ScriptedSource('registry.lab/os')];
    const { cache, events } = cacheInMemory();
    const reading = cache.open(descriptor, [mirror, upstream]).then(follow);
    const first = await mirror.feed();
    await first.send(bytes.subarray(0, 300 * KIB));
    first.fail(new BootlayerError('REGISTRY_UNREACHABLE', 'mirror.lab hung up'));
    const second = await upstream.feed();
    expect(second.from).toBe(300 * KIB);
    await second.send(bytes.subarray(300 * KIB));
    second.end();
    expect((await reading).equals(bytes)).toBe(true);
    await settled();
    expect(events.map(({ event }) => event)).toEqual(['fill.started', 'fill.resumed', 'fill.finished']);
    expect(events).toMatchObject([
      { source: 'mirror.lab/os' },
      { source: 'registry.lab/os', bytes: 300 * KIB, reason: 'mirror.lab hung up' },
      { source: 'registry.lab/os' },
    ]);
  });

  it('asks whoever gave wrong bytes last the next time', async () => {
    const [mirror, upstream] = [new ScriptedSource('mirror.lab/os'), new ScriptedSource('registry.lab/os')];
    const { cache } = cacheInMemory();
    const wrong = cache.open(descriptor, [mirror, upstream]).then(follow);
    const lie = await mirror.feed();
    const refused = expect(wrong).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await lie.send(damaged(bytes, 0));
    lie.end();
    await refused;
    await settled();
    const right = cache.open(descriptor, [mirror, upstream]).then(follow);
    const truth = await upstream.feed();
    await truth.send(bytes);
    truth.end();
    expect((await right).equals(bytes)).toBe(true);
    expect(mirror.fetches).toBe(1);
  });

  it('asks the last of them alone when any of them may have given wrong bytes', async () => {
    const [mirror, upstream] = [new ScriptedSource('mirror.lab/os'), new ScriptedSource('registry.lab/os')];
    const { cache } = cacheInMemory();
    const refused = expect(cache.open(descriptor, [mirror, upstream]).then(follow)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    const junk = await mirror.feed();
    await junk.send(damaged(bytes, 0).subarray(0, 300 * KIB));
    junk.fail(new BootlayerError('REGISTRY_UNREACHABLE', 'mirror.lab hung up'));
    const rest = await upstream.feed();
    await rest.send(bytes.subarray(300 * KIB));
    rest.end();
    await refused;
    await settled();
    const right = cache.open(descriptor, [mirror, upstream]).then(follow);
    const whole = await upstream.feed(1);
    expect(whole.from).toBe(0);
    await whole.send(bytes);
    whole.end();
    expect((await right).equals(bytes)).toBe(true);
  });

  it('blames only a source that gave wrong bytes, and all of them', async () => {
    const blamed: string[] = [];
    const source = (name: string, all: BlobSource['fetch']): BlobSource => ({
      name,
      fetch: all,
      failed: ({ code }) => void blamed.push(`${name} ${code}`),
    });
    const down = source('down.lab/os', () => Promise.reject(new BootlayerError('REGISTRY_UNREACHABLE', 'down')));
    const liar = new ReadySource(damaged(bytes, 0));
    const lies = source('lies.lab/os', (...asked) => liar.fetch(...asked));
    const { cache } = cacheInMemory();
    const read = cache.open(descriptor, [down, lies]).then(follow);
    await expect(read).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await settled();
    expect(blamed).toEqual(['down.lab/os REGISTRY_UNREACHABLE', 'lies.lab/os DIGEST_MISMATCH']);
  });

  it('blames and doubts nobody for what an earlier download left', async () => {
    const blamed: string[] = [];
    const upstream = new ScriptedSource('registry.lab/os');
    const honest = Object.assign(upstream, { failed: () => void blamed.push('registry.lab') });
    const other = new ScriptedSource('other.lab/os');
    const { cache } = await cacheWithPart(descriptor, damaged(bytes, 5).subarray(0, 300 * KIB));
    const refused = expect(cache.open(descriptor, [honest, other]).then(follow)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    const rest = await upstream.feed();
    expect(rest.from).toBe(300 * KIB);
    await rest.send(bytes.subarray(300 * KIB));
    rest.end();
    await refused;
    await settled();
    expect(blamed).toEqual([]);
    const right = cache.open(descriptor, [honest, other]).then(follow);
    const whole = await upstream.feed(1);
    expect(whole.from).toBe(0);
    await whole.send(bytes);
    whole.end();
    expect((await right).equals(bytes)).toBe(true);
    expect(other.fetches).toBe(0);
  });

  it('goes on doubting whoever gave wrong bytes until the right ones have come', async () => {
    const [mirror, upstream] = [new ScriptedSource('mirror.lab/os'), new ScriptedSource('registry.lab/os')];
    let problem: BootlayerError | undefined;
    const { cache } = cacheInMemory({
      faults: {
        writing: async () => {
          if (problem !== undefined) throw problem;
        },
      },
    });
    const attempt = async (source: ScriptedSource, number: number, what: Uint8Array) => {
      const read = cache.open(descriptor, [mirror, upstream]).then(follow);
      read.catch(() => undefined);
      const feed = await source.feed(number);
      void feed.send(what);
      feed.end();
      await expect(read).rejects.toThrow();
      await settled();
    };
    await attempt(mirror, 0, damaged(bytes, 0));
    problem = new BootlayerError('DISK_FULL', 'full');
    await attempt(upstream, 0, bytes);
    await attempt(upstream, 1, bytes);
    expect(mirror.fetches).toBe(1);
  });

  it('begins a new download only when the failed one has cleaned up', async () => {
    const cleaned = gate();
    const source = new ScriptedSource();
    const { cache } = cacheInMemory({ faults: { aborting: () => cleaned.passed } });
    const first = await cache.open(descriptor, [source]);
    const wrong = await source.feed();
    await wrong.send(damaged(bytes, 0));
    wrong.end();
    await settled();
    await expect(first.available(0)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    const second = cache.open(descriptor, [source]);
    expect([await isWaiting(second), source.fetches]).toEqual([true, 1]);
    cleaned.open();
    const read = follow(await second);
    const feed = await source.feed(1);
    await feed.send(bytes);
    feed.end();
    expect((await read).equals(bytes)).toBe(true);
  });

  it('gives a reader that comes while a finished download is being closed the stored blob', async () => {
    const closed = gate();
    const closing = gate();
    const source = new ReadySource(bytes);
    const { cache } = cacheInMemory({
      faults: {
        closing: async () => {
          closing.open();
          await closed.passed;
        },
      },
    });
    cache.prefetch(descriptor, [source]);
    await closing.passed;
    const opened = cache.open(descriptor, [source]);
    await settled();
    closed.open();
    expect((await follow(await opened)).equals(bytes)).toBe(true);
    expect(source.fetches).toBe(1);
  });

  it('does not fetch again what was stored while it looked', async () => {
    const answered = gate();
    let looks = 0;
    const looked = async () => {
      looks += 1;
      if (looks === 1) await answered.passed;
    };
    const source = new ReadySource(bytes);
    const { cache } = cacheInMemory({ faults: { looked } });
    const slow = cache.open(descriptor, [source]);
    expect((await follow(await cache.open(descriptor, [source]))).equals(bytes)).toBe(true);
    await settled();
    answered.open();
    expect((await follow(await slow)).equals(bytes)).toBe(true);
    expect([source.fetches, looks]).toEqual([1, 3]);
  });

  it('refuses a second size for the same digest, while it fills and after', async () => {
    const source = new ScriptedSource();
    const { cache } = cacheInMemory();
    const other = { ...descriptor, size: descriptor.size + 1 };
    const reader = await cache.open(descriptor, [source]);
    await expect(cache.open(other, [source])).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    const feed = await source.feed();
    await feed.send(bytes);
    feed.end();
    await follow(reader);
    await settled();
    await expect(cache.open(other, [source])).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(source.fetches).toBe(1);
  });

  it('fails all readers when the disk is full, and can be used when there is room again', async () => {
    let full = true;
    const writing = async () => {
      if (full) throw new BootlayerError('DISK_FULL', 'the disk of /data is full');
    };
    const { cache, events } = cacheInMemory({ faults: { writing } });
    const source = new ReadySource(bytes);
    const readers = Array.from({ length: 5 }, async () => follow(await cache.open(descriptor, [source])));
    for (const reader of readers) await expect(reader).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(events.at(-1)).toMatchObject({ event: 'fill.failed', code: 'DISK_FULL' });
    full = false;
    expect((await follow(await cache.open(descriptor, [source]))).equals(bytes)).toBe(true);
  });

  it('prefetches what is not there, and tells of a failure as an event only', async () => {
    const { cache, store, events } = cacheInMemory();
    const source = new ReadySource(bytes);
    cache.prefetch(descriptor, [source]);
    cache.prefetch(descriptor, [source]);
    await settled();
    cache.prefetch(descriptor, [source]);
    cache.prefetch({ ...descriptor, size: 1 }, [source]);
    const wrong = blobOf(100, 1);
    cache.prefetch(wrong.descriptor, [new ReadySource(damaged(wrong.bytes, 0))]);
    await settled();
    expect(source.fetches).toBe(1);
    expect(await store.list()).toEqual([{ digest: descriptor.digest, size: bytes.length }]);
    // The size that was a lie, and the wrong bytes.
    const failed = ['fill.failed', 'fill.started', 'fill.failed'];
    expect(events.map(({ event }) => event)).toEqual(['fill.started', 'fill.finished', ...failed]);
  });

  it('has not ended before it has cleaned up', async () => {
    const cleaned = gate();
    const source = new ScriptedSource();
    const { cache } = cacheInMemory({ faults: { closing: () => cleaned.passed } });
    cache.prefetch(descriptor, [source]);
    await source.feed();
    const closed = cache.close();
    expect(await isWaiting(closed)).toBe(true);
    cleaned.open();
    await closed;
  });

  it('ends by giving up what runs and what waits in line, and begins nothing more', async () => {
    const { cache, store, events } = cacheInMemory({ maxFills: 1 });
    const [running, queued] = [new ScriptedSource(), new ScriptedSource()];
    const second = blobOf(100, 1);
    const readers = [await cache.open(descriptor, [running]), await cache.open(second.descriptor, [queued])];
    const wholes = readers.map((reader) => reader.whole());
    const gone = wholes.map((whole) => expect(whole).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' }));
    const feed = await running.feed();
    await cache.close();
    await Promise.all(gone);
    expect(feed.released).toBe(true);
    expect([queued.fetches, await store.list()]).toEqual([0, []]);
    await expect(cache.open(descriptor, [running])).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    cache.prefetch(descriptor, [running]);
    await settled();
    expect(running.fetches).toBe(1);
    expect(events.filter(({ event }) => event === 'fill.failed')).toHaveLength(2);
  });
});
