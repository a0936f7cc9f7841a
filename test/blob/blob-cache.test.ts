import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { cacheInMemory, follow } from '../fixtures/blob-cache.js';
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

  it('says of each that is wanted whether it was there, and of what came how much', async () => {
    const [results, counts]: [string[], number[]] = [[], []];
    const { cache } = cacheInMemory({
      opened: (result) => results.push(result),
      received: (count) => counts.push(count),
    });
    const source = new ScriptedSource();
    const first = cache.open(descriptor, [source]).then(follow);
    const feed = await source.feed();
    await feed.send(bytes.subarray(0, 300 * KIB));
    await settled();
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(256 * KIB);
    const second = cache.open(descriptor, [source]).then(follow);
    await feed.send(bytes.subarray(300 * KIB));
    feed.end();
    await Promise.all([first, second]);
    await (await cache.open(descriptor, [source])).close();
    // Nobody asked for it yet.
    cache.prefetch(descriptor, [source]);
    await settled();
    expect(results).toEqual(['miss', 'filling', 'hit']);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(bytes.length);
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

  it('lets nobody wait in line at a place that is stuck for what another place has', async () => {
    const { cache } = cacheInMemory();
    const stuck = Array.from({ length: 4 }, (_, seed) => ({
      ...blobOf(100, seed + 10),
      source: new ScriptedSource('stuck.lab/os'),
    }));
    for (const { descriptor: one, source } of stuck) cache.prefetch(one, [source]);
    const [queued, well] = [new ScriptedSource('stuck.lab/os'), new ScriptedSource('well.lab/os')];
    cache.prefetch(descriptor, [queued]);
    await settled();
    const reading = cache.open(descriptor, [well]).then(follow);
    const asked = await queued.feed();
    asked.fail(new BootlayerError('REGISTRY_UNREACHABLE', 'it hung up'));
    const feed = await well.feed();
    await feed.send(bytes);
    feed.end();
    expect((await reading).equals(bytes)).toBe(true);
    await cache.close();
    expect(well.fetches).toBe(1);
  });

  it('tells of a descriptor that lies, though nothing is downloaded', async () => {
    const { cache, events } = cacheInMemory();
    const source = new ReadySource(bytes);
    await follow(await cache.open(descriptor, [source]));
    await settled();
    events.length = 0;
    cache.prefetch({ ...descriptor, size: descriptor.size - 1 }, [source]);
    await settled();
    expect(events).toMatchObject([{ event: 'fill.failed', code: 'DIGEST_MISMATCH', bytes: 0 }]);
    expect(source.fetches).toBe(1);
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

  it('leaves a source that trickles for one that somebody else knows', async () => {
    const [slow, well] = [new ScriptedSource('slow.lab/os'), new ScriptedSource('registry.lab/os')];
    const clock = { milliseconds: 0 };
    const { cache } = cacheInMemory({ now: () => clock.milliseconds });
    const first = cache.open(descriptor, [slow]).then(follow);
    const trickle = await slow.feed();
    void trickle.send(bytes.subarray(0, 10 * KIB));
    await settled();
    clock.milliseconds += 11_000;
    void trickle.send(bytes.subarray(10 * KIB, 11 * KIB));
    await settled();
    expect(well.fetches).toBe(0);
    const second = cache.open(descriptor, [well]).then(follow);
    await settled();
    void trickle.send(bytes.subarray(11 * KIB, 12 * KIB));
    const rest = await well.feed();
    expect([rest.from, trickle.released]).toEqual([11 * KIB, true]);
    await rest.send(bytes.subarray(11 * KIB));
    rest.end();
    expect([(await first).equals(bytes), (await second).equals(bytes)]).toEqual([true, true]);
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
