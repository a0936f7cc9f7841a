import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { cacheInMemory, follow } from '../fixtures/blob-cache.js';
import { blobOf } from '../fixtures/blobs.js';
import { isWaiting, settled } from '../fixtures/waiting.js';

const KIB = 1024;
const { bytes, descriptor } = blobOf(700 * KIB);

describe('fetching ahead of need', () => {
  const never = new AbortController().signal;

  it('fetches what is not there, a few at once', async () => {
    const { cache, store } = cacheInMemory();
    const blobs = [1, 2, 3].map((seed) => ({ ...blobOf(100, seed), source: new ScriptedSource() }));
    const all = blobs.map(({ descriptor: one, source }) => cache.fetchAhead(one, [source], never));
    await settled();
    expect(blobs.map(({ source }) => source.fetches)).toEqual([1, 1, 0]);
    for (const { bytes: these, source } of blobs) {
      const feed = await source.feed();
      void feed.send(these);
      feed.end();
    }
    await Promise.all(all);
    expect(await store.list()).toHaveLength(3);
    await cache.fetchAhead(blobs[0]?.descriptor ?? descriptor, [blobs[0]?.source ?? new ScriptedSource()], never);
    expect(blobs[0]?.source.fetches).toBe(1);
  });

  it('keeps no place waiting for one that is stuck', async () => {
    const { cache } = cacheInMemory();
    const stuck = [1, 2, 3].map((seed) => ({ ...blobOf(100, seed), source: new ScriptedSource('stuck.lab/os') }));
    for (const { descriptor: one, source } of stuck) void cache.fetchAhead(one, [source], never);
    const well = new ReadySource(bytes);
    await cache.fetchAhead(descriptor, [well], never);
    expect([well.fetches, stuck.map(({ source }) => source.fetches)]).toEqual([1, [1, 1, 0]]);
    await cache.close();
  });

  it('waits while a machine waits for something else, and goes on after that', async () => {
    const { cache } = cacheInMemory();
    const [ahead, wanted] = [new ScriptedSource(), new ScriptedSource()];
    const other = blobOf(100, 1);
    const done = cache.fetchAhead(descriptor, [ahead], never);
    const feed = await ahead.feed();
    await feed.send(bytes.subarray(0, 300 * KIB));
    const reading = cache.open(other.descriptor, [wanted]).then(follow);
    await settled();
    await feed.send(bytes.subarray(300 * KIB, 400 * KIB));
    const rest = feed.send(bytes.subarray(400 * KIB));
    expect(await isWaiting(rest)).toBe(true);
    const urgent = await wanted.feed();
    await urgent.send(other.bytes);
    urgent.end();
    await reading;
    feed.end();
    await rest;
    await done;
  });

  it('is urgent as soon as a machine wants the same', async () => {
    const { cache } = cacheInMemory();
    const [ahead, wanted] = [new ScriptedSource(), new ScriptedSource()];
    const done = cache.fetchAhead(descriptor, [ahead], never);
    const feed = await ahead.feed();
    cache.prefetch(blobOf(100, 1).descriptor, [wanted]);
    const reading = cache.open(descriptor, [ahead]).then(follow);
    await settled();
    await feed.send(bytes);
    feed.end();
    expect((await reading).equals(bytes)).toBe(true);
    await done;
    await cache.close();
  });

  it('begins nothing for which something must go, nor after its signal or the end', async () => {
    const room = { makeRoomFor: async () => undefined, ended: () => undefined, free: async () => 0 };
    const { cache } = cacheInMemory({ collector: { ...room, reserve: async () => false } });
    const source = new ScriptedSource();
    await cache.fetchAhead(descriptor, [source], never);
    const other = cacheInMemory();
    await other.cache.fetchAhead(descriptor, [source], AbortSignal.abort());
    await other.cache.close();
    await other.cache.fetchAhead(descriptor, [source], never);
    expect(source.fetches).toBe(0);
  });

  it('frees no room on a full disk', async () => {
    let freed = 0;
    const collector = {
      makeRoomFor: async () => undefined,
      ended: () => undefined,
      reserve: async () => true,
      free: async () => (freed += 1),
    };
    const writing = async () => {
      throw new BootlayerError('DISK_FULL', 'the disk is full');
    };
    const { cache, events } = cacheInMemory({ collector, faults: { writing } });
    await cache.fetchAhead(descriptor, [new ReadySource(bytes)], never);
    expect([freed, events.at(-1)]).toMatchObject([0, { event: 'fill.failed', code: 'DISK_FULL' }]);
  });

  it('ends with the cache, also while it waits for machines', async () => {
    const { cache } = cacheInMemory();
    const [ahead, wanted] = [new ScriptedSource(), new ScriptedSource()];
    const done = cache.fetchAhead(descriptor, [ahead], never);
    const feed = await ahead.feed();
    cache.prefetch(blobOf(100, 1).descriptor, [wanted]);
    await wanted.feed();
    void feed.send(bytes.subarray(0, 300 * KIB));
    await settled();
    await cache.close();
    await done;
    expect(feed.released).toBe(true);
  });
});
