import { describe, expect, it } from 'vitest';
import { BlobCache } from '../../src/blob/blob-cache.js';
import { Collector } from '../../src/blob/collector.js';
import { MemoryBlobStore } from '../../src/blob/memory-blob-store.js';
import type { BootEvent } from '../../src/boot/event.js';
import { BootlayerError } from '../../src/errors.js';
import type { Digest } from '../../src/oci/digest.js';
import { ReadySource } from '../fakes/blob-source.js';
import { BrokenStore, type Faults } from '../fakes/broken-store.js';
import { blobOf } from '../fixtures/blobs.js';

const [ONE, TWO, THREE] = [blobOf(100, 1), blobOf(100, 2), blobOf(100, 3)];

function setUp({ limit = 250, faults = {} }: { readonly limit?: number | 'none'; readonly faults?: Faults } = {}) {
  const store = new BrokenStore(new MemoryBlobStore(), faults);
  const events: BootEvent[] = [];
  const pinned = { digests: new Set<Digest>() as Set<Digest> | undefined };
  const tell = (event: BootEvent) => void events.push(event);
  const collector = new Collector({
    store,
    pins: async () => pinned.digests,
    limit: () => (limit === 'none' ? undefined : limit),
    events: tell,
  });
  const cache = new BlobCache({ store, events: tell, clock: { now: () => 0 }, collector });
  const fetch = async ({ bytes, descriptor }: typeof ONE) => {
    const reader = await cache.open(descriptor, [new ReadySource(bytes)]);
    await reader.whole().finally(() => reader.close());
  };
  const held = async () => (await store.list()).map(({ digest }) => digest).sort();
  return { fetch, held, events, pinned, collector };
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

  it('frees what may go when the disk is full, so that the next download fits', async () => {
    let isFull = false;
    const writing = async () => {
      if (isFull) throw new BootlayerError('DISK_FULL', 'the disk is full');
    };
    const { fetch, held, pinned } = setUp({ limit: 'none', faults: { writing } });
    pinned.digests = new Set(digests(TWO));
    for (const blob of [ONE, TWO]) await fetch(blob);
    isFull = true;
    await expect(fetch(THREE)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect.poll(held).toEqual(digests(TWO));
    isFull = false;
    await fetch(THREE);
    expect(await held()).toEqual(digests(TWO, THREE));
  });
});
