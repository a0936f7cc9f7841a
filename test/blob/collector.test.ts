import { describe, expect, it } from 'vitest';
import { BlobCache } from '../../src/blob/blob-cache.js';
import { Collector } from '../../src/blob/collector.js';
import { DiskBlobStore } from '../../src/blob/disk-blob-store.js';
import { bytesIn } from '../../src/blob/eviction.js';
import { MemoryBlobStore } from '../../src/blob/memory-blob-store.js';
import type { BootEvent } from '../../src/boot/event.js';
import { BootlayerError } from '../../src/errors.js';
import type { Digest } from '../../src/oci/digest.js';
import { ReadySource } from '../fakes/blob-source.js';
import { BrokenStore } from '../fakes/broken-store.js';
import { blobOf } from '../fixtures/blobs.js';
import { temporaryFolder } from '../fixtures/folder.js';

const [ONE, TWO, THREE, FOUR] = [blobOf(100, 1), blobOf(100, 2), blobOf(100, 3), blobOf(100, 4)];

type Setting = { readonly limit?: number | 'none'; readonly disk?: { readonly holds: number } };

function setUp({ limit = 250, disk = { holds: Number.POSITIVE_INFINITY } }: Setting = {}) {
  const memory = new MemoryBlobStore();
  const writing = async (bytes: Uint8Array) => {
    const held = bytesIn(await memory.holdings());
    if (held + bytes.length > disk.holds) throw new BootlayerError('DISK_FULL', 'the disk is full');
  };
  const store = new BrokenStore(memory, { writing });
  const events: BootEvent[] = [];
  const pinned = { digests: new Set<Digest>() as Set<Digest> | undefined };
  const tell = (event: BootEvent) => void events.push(event);
  const waits = { counted: 0, during: () => undefined as unknown };
  const wait = async () => {
    waits.counted += 1;
    waits.during();
  };
  const collector = new Collector({
    store,
    pins: async () => pinned.digests,
    limit: () => (limit === 'none' ? undefined : limit),
    events: tell,
    wait,
  });
  const cache = new BlobCache({ store, events: tell, clock: { now: () => 0 }, collector });
  const fetch = async ({ bytes, descriptor }: typeof ONE) => {
    const reader = await cache.open(descriptor, [new ReadySource(bytes)]);
    await reader.whole().finally(() => reader.close());
  };
  const held = async () => (await store.list()).map(({ digest }) => digest).sort();
  return { fetch, held, events, pinned, waits, collector, cache };
}

async function onDisk(limit: number) {
  const store = await DiskBlobStore.open(await temporaryFolder());
  const pinned = { digests: new Set<Digest>() };
  const pins = async () => pinned.digests;
  return { store, pinned, collector: new Collector({ store, pins, limit: () => limit, events: () => undefined }) };
}

/** Half of it. */
async function keepPart(store: DiskBlobStore, { bytes, descriptor }: typeof ONE): Promise<void> {
  const ingest = await store.ingest(descriptor);
  await ingest.write(bytes.subarray(0, 50));
  ingest.keep();
  await ingest.close();
}

const digests = (...blobs: (typeof ONE)[]) => blobs.map(({ descriptor }) => descriptor.digest).sort();
const kinds = (events: readonly BootEvent[]) =>
  events.map(({ event }) => event).filter((event) => !event.startsWith('fill.'));

describe('Collector', () => {
  it('makes room before a blob comes', async () => {
    const { fetch, held, events } = setUp();
    for (const blob of [ONE, TWO, THREE]) await fetch(blob);
    expect(await held()).toHaveLength(2);
    expect(await held()).toContain(THREE.descriptor.digest);
    expect(kinds(events)).toEqual(['blob.evicted']);
  });

  it('lets what is pinned stay, whatever the limit, and says so once', async () => {
    const { fetch, held, events, pinned } = setUp({ limit: 150 });
    pinned.digests = new Set(digests(ONE, TWO));
    for (const blob of [ONE, TWO, THREE]) await fetch(blob);
    expect(await held()).toEqual(digests(ONE, TWO, THREE));
    expect(kinds(events)).toEqual(['cache.over']);
  });

  it('lets everything stay while nobody knows what must', async () => {
    const { fetch, held, pinned } = setUp({ limit: 1 });
    pinned.digests = undefined;
    for (const blob of [ONE, TWO]) await fetch(blob);
    expect(await held()).toEqual(digests(ONE, TWO));
  });

  it('has no limit unless there is one', async () => {
    const { fetch, held } = setUp({ limit: 'none' });
    for (const blob of [ONE, TWO, THREE]) await fetch(blob);
    expect(await held()).toHaveLength(3);
  });

  it('frees what may go when the disk is full, and the download that noticed it goes on', async () => {
    const disk = { holds: 200 };
    const { fetch, held, pinned, events } = setUp({ limit: 'none', disk });
    pinned.digests = new Set(digests(TWO));
    for (const blob of [ONE, TWO, THREE]) await fetch(blob);
    expect(await held()).toEqual(digests(TWO, THREE));
    expect(events.map(({ event }) => event).filter((event) => event !== 'fill.started')).toEqual([
      'fill.finished',
      'fill.finished',
      'blob.evicted',
      'fill.finished',
    ]);
  });

  it('gives up when nothing may go, and is of use again when there is room', async () => {
    const disk = { holds: 200 };
    const { fetch, held, pinned } = setUp({ limit: 'none', disk });
    pinned.digests = new Set(digests(ONE, TWO));
    for (const blob of [ONE, TWO]) await fetch(blob);
    await expect(fetch(THREE)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await held()).toEqual(digests(ONE, TWO));
    disk.holds = 300;
    await fetch(THREE);
    expect(await held()).toHaveLength(3);
  });

  it('counts what is on its way with its whole size', async () => {
    const { fetch, held, collector } = setUp({ limit: 250 });
    for (const blob of [ONE, TWO]) await fetch(blob);
    await collector.makeRoomFor(THREE.descriptor);
    expect(await held()).toHaveLength(1);
    await collector.makeRoomFor({ ...ONE.descriptor, digest: FOUR.descriptor.digest });
    expect(await held()).toHaveLength(0);
    for (const { descriptor } of [THREE, FOUR]) collector.ended(descriptor.digest);
    await fetch(THREE);
    await fetch(FOUR);
    expect(await held()).toEqual(digests(THREE, FOUR));
  });

  it('has room for what comes ahead of need only when nothing must go for it', async () => {
    const { fetch, collector, events } = setUp({ limit: 250 });
    await fetch(ONE);
    const both = [TWO, THREE].map(({ descriptor }) => collector.reserve(descriptor));
    expect(await Promise.all(both)).toEqual([true, false]);
    expect([await collector.reserve(FOUR.descriptor), kinds(events)]).toEqual([false, ['cache.short']]);
    collector.ended(TWO.descriptor.digest);
    expect(await collector.reserve(THREE.descriptor)).toBe(true);
    expect(await setUp({ limit: 'none' }).collector.reserve(ONE.descriptor)).toBe(true);
  });

  it('lets nothing go for what several fetch ahead of need at once', async () => {
    const { fetch, held, cache, events } = setUp({ limit: 250 });
    await fetch(ONE);
    const never = new AbortController().signal;
    await Promise.all(
      [TWO, THREE].map(({ bytes, descriptor }) => cache.fetchAhead(descriptor, [new ReadySource(bytes)], never)),
    );
    expect([await held(), kinds(events)]).toEqual([digests(ONE, TWO), ['cache.short']]);
    await fetch(THREE);
    expect(await held()).toHaveLength(2);
  });

  it('waits on a full disk until it is known what may go, but not for ever', async () => {
    const { fetch, held, pinned, waits } = setUp({ limit: 'none', disk: { holds: 250 } });
    for (const blob of [ONE, TWO]) await fetch(blob);
    pinned.digests = undefined;
    await expect(fetch(THREE)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(waits.counted).toBe(50);
    waits.during = () => {
      pinned.digests = new Set(digests(TWO));
    };
    await fetch(THREE);
    expect([await held(), waits.counted]).toEqual([digests(TWO, THREE), 51]);
  });

  it('collects everything that may go, as soon as it is known', async () => {
    const { fetch, held, pinned, collector } = setUp({ limit: 'none' });
    for (const blob of [ONE, TWO, THREE]) await fetch(blob);
    pinned.digests = undefined;
    await expect(collector.collect({ dryRun: false })).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    pinned.digests = new Set(digests(TWO));
    expect((await collector.collect({ dryRun: false })).map(({ digest }) => digest).sort()).toEqual(
      digests(ONE, THREE),
    );
    expect([await held(), await collector.collect({ dryRun: false })]).toEqual([digests(TWO), []]);
  });

  it('takes what is kept of broken downloads into account, and gives it up first on a full disk', async () => {
    const { collector, store, pinned } = await onDisk(150);
    await keepPart(store, ONE);
    await keepPart(store, TWO);
    expect(await collector.reserve(THREE.descriptor)).toBe(false);
    await collector.makeRoomFor(THREE.descriptor);
    expect(await store.holdings()).toMatchObject([{ isPart: true, size: 50 }]);
    pinned.digests = new Set(digests(ONE, TWO));
    expect(await collector.free(1)).toBe(50);
    expect(await store.holdings()).toEqual([]);
  });
});
