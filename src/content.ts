import { join } from 'node:path';
import { BlobCache, type BlobCacheParts } from './blob/blob-cache.js';
import { Collector } from './blob/collector.js';
import { DiskBlobStore } from './blob/disk-blob-store.js';
import type { EventSink } from './boot/event.js';
import { Catalog } from './catalog/catalog.js';
import { ImageSources } from './catalog/image-sources.js';
import { systemClock } from './clock.js';
import type { Config } from './config/schema.js';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';
import type { Digest } from './oci/digest.js';
import { openRegistries, settingsIn } from './registries.js';
import { type Database, openDatabase } from './store/sqlite-database.js';

export type ContentParts = {
  /** The one in force. */
  readonly config: () => Config;
  /** What must stay in the cache (`CollectorParts.pins`). */
  readonly pins: () => Promise<ReadonlySet<Digest> | undefined>;
  /** What is odd about a registry. */
  readonly warn: (text: string) => void;
  readonly events: EventSink;
  /** Counts what comes from registries and goes by the cache, where somebody reads that. */
  readonly metrics?: Pick<Metrics, 'cacheOpens' | 'fillBytes' | 'registryRequests'>;
  readonly lifecycle: Lifecycle;
  /** Whether what lies about in the cache may go (`DiskBlobStore.open`). */
  readonly tidies?: boolean;
};

/** State, cache and catalog. */
export type Content = {
  readonly database: Database;
  readonly store: DiskBlobStore;
  readonly collector: Collector;
  readonly blobs: BlobCache;
  readonly images: Catalog;
};

/** Nobody else can have the same data folder open: the state in it is locked. Throws DATA_UNUSABLE, DISK_FULL. */
export async function openContent({
  config,
  pins,
  warn,
  events,
  metrics,
  lifecycle,
  tidies = true,
}: ContentParts): Promise<Content> {
  const { data } = config();
  const clock = systemClock;
  const database = await openDatabase(stateFileIn(data));
  lifecycle.started('state', () => database.close());
  const store = await DiskBlobStore.open(cacheFolderIn(data), { tidies });
  const registries = openRegistries((registry) => settingsIn(config(), registry), warn, {
    answered: (status) => metrics?.registryRequests.inc({ status }),
  });
  lifecycle.started('registry client', () => registries.close());
  const collector = new Collector({ store, pins, limit: () => config().cache.maxSize, events });
  const blobs = new BlobCache({ store, events, clock: { now: () => clock.ticks() }, collector, ...counting(metrics) });
  lifecycle.started('cache', () => blobs.close());
  const images = new Catalog({
    sources: new ImageSources(registries),
    resolutions: database.resolutions,
    events,
    clock,
  });
  lifecycle.started('catalog', () => images.close());
  return { database, store, collector, blobs, images };
}

function counting(metrics: ContentParts['metrics']): Pick<BlobCacheParts, 'opened' | 'received'> {
  if (metrics === undefined) return {};
  for (const result of ['hit', 'filling', 'miss']) metrics.cacheOpens.inc({ result }, 0);
  for (const status of ['2xx', '3xx', '4xx', '5xx', 'none']) metrics.registryRequests.inc({ status }, 0);
  return {
    opened: (result) => metrics.cacheOpens.inc({ result }),
    received: (bytes) => metrics.fillBytes.inc(bytes),
  };
}

/** Where the blobs are. */
export function cacheFolderIn(data: string): string {
  return join(data, 'cache');
}

/** Where the state is. */
export function stateFileIn(data: string): string {
  return join(data, 'state.db');
}
