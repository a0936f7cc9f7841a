import { join } from 'node:path';
import { advertisedUrl } from './advertise.js';
import { BlobCache } from './blob/blob-cache.js';
import { Collector } from './blob/collector.js';
import { DiskBlobStore } from './blob/disk-blob-store.js';
import type { EventSink } from './boot/event.js';
import { BootUrls } from './booter/boot-urls.js';
import { Booter } from './booter/booter.js';
import { logSink } from './booter/log-sink.js';
import { metricsSink } from './booter/metrics-sink.js';
import { Catalog } from './catalog/catalog.js';
import { ImageSources } from './catalog/image-sources.js';
import { systemClock } from './clock.js';
import type { LoadOutcome, ReadFiles } from './config/load.js';
import { readConfigFilesAside } from './config/load-process.js';
import { MappingWatch } from './config/mapping-watch.js';
import type { Loaded } from './config/read.js';
import type { Config } from './config/schema.js';
import { ActiveTransfers } from './http/active-transfers.js';
import { createListener } from './http/app.js';
import { BufferPool } from './http/buffer-pool.js';
import { closeListener, listen } from './http/listen.js';
import { blobRoutes } from './http/routes/blobs.js';
import { bootRoutes } from './http/routes/boot.js';
import { healthRoutes } from './http/routes/health.js';
import { metricsRoutes } from './http/routes/metrics.js';
import { Lifecycle } from './lifecycle.js';
import type { Logger } from './log.js';
import { createMetrics, type Metrics } from './metrics.js';
import { formatEndpoint } from './net/endpoint.js';
import { openRegistries, settingsIn } from './registries.js';
import { Reloader } from './reload.js';
import { type Database, openDatabase } from './store/sqlite-database.js';

export type RunningServer = {
  /** Where the two listeners really listen. */
  readonly http: string;
  readonly api: string;
  /** How machines reach it. */
  readonly advertise: string;
  /** Resolves when it has ended by `stop`, rejects when a part ended by itself. */
  readonly ended: Promise<void>;
  /** Reads the configuration anew, as it does by itself when the files change. */
  reload(): void;
  /** Ends gracefully: no new machines, running transfers finish within the grace time. */
  stop(): Promise<void>;
};

/** The configuration as it was read at the start. */
type Initial = Loaded & { readonly read: ReadFiles };

const GRACE_MILLISECONDS = 30_000;
const PRUNE_MILLISECONDS = 60 * 60 * 1000;

/**
 * Builds every part by hand and starts them in order: state, cache, catalog, booter, API listener, and the boot
 * listener last, so that no machine is invited that cannot be served. Whatever fails on the way stops what runs.
 */
export async function startServer(initial: Initial, log: Logger): Promise<RunningServer> {
  const { config } = initial;
  advertisedUrl(config, config.http.listen.port);
  const lifecycle = new Lifecycle();
  try {
    return await start(initial, log, lifecycle);
  } catch (thrown) {
    await lifecycle.stop().catch(() => undefined);
    throw thrown;
  }
}

async function start(initial: Initial, log: Logger, lifecycle: Lifecycle): Promise<RunningServer> {
  const { config } = initial;
  const metrics = createMetrics();
  const sinks = [logSink(log), metricsSink(metrics)];
  const events: EventSink = (event) => {
    for (const sink of sinks) sink(event);
  };
  const reloader = new Reloader({
    initial,
    load: (inForce, signal) => readAnew(config.file, inForce, signal),
    apply: (next) => remap(next),
    warn: (text) => log.warn({ event: 'config.warning' }, text),
    events,
    clock: systemClock,
  });
  const { booter, database, urls, advertise } = await buildBooter(reloader, log, { lifecycle, events });
  const resolving = new Resolving(booter);
  const remap = (next: Config) => {
    booter.remap(next);
    countEntries(metrics, next);
    resolving.start();
  };
  let ready = false;

  const api = createListener(log);
  healthRoutes(api, () => ready);
  metricsRoutes(api, metrics);
  lifecycle.started('API listener', () => closeListener(api));
  const apiAt = await listen(api, config.api.listen, 'api.listen');

  const transfers = new ActiveTransfers();
  const boot = createListener(log);
  healthRoutes(boot, () => ready);
  bootRoutes(boot, booter);
  blobRoutes(boot, { booter, pool: new BufferPool(), transfers });
  lifecycle.started('boot listener', async () => {
    await systemClock.within(GRACE_MILLISECONDS, transfers.idle());
    await closeListener(boot);
  });
  const httpAt = await listen(boot, config.http.listen, 'http.listen');

  const advertised = advertise(httpAt.port);
  ready = true;
  countEntries(metrics, config);
  startPruning(booter, lifecycle);
  resolving.start();
  lifecycle.started('resolving of what is mapped', () => resolving.stop());
  await startReloading(reloader, log, lifecycle);
  // Stopped first: whoever asks from then on is told to go elsewhere.
  lifecycle.started('readiness', () => {
    ready = false;
    booter.drain();
  });
  const listening = { http: formatEndpoint(httpAt), api: formatEndpoint(apiAt), advertise: advertised };
  log.info({ event: 'server.listening', ...listening }, `machines boot from ${urls.greeting()}`);
  return {
    ...listening,
    ended: lifecycle.endedWith(database.ended),
    reload: () => void reloader.reloadByHand(),
    stop: () => lifecycle.stop(),
  };
}

type BooterOfServer = {
  readonly booter: Booter;
  readonly database: Database;
  readonly urls: BootUrls;
  /** Says on which port machines are to ask, which the system may have chosen; answers the whole base URL. */
  readonly advertise: (port: number) => string;
};

async function buildBooter(
  reloader: Reloader,
  log: Logger,
  { lifecycle, events }: { readonly lifecycle: Lifecycle; readonly events: EventSink },
): Promise<BooterOfServer> {
  const { config } = reloader;
  const clock = systemClock;

  const database = await openDatabase(join(config.data, 'state.db'));
  lifecycle.started('state', () => database.close());
  const store = await DiskBlobStore.open(join(config.data, 'cache'));
  const warn = (text: string) => log.warn({ event: 'registry.warning' }, text);
  const registries = openRegistries((registry) => settingsIn(reloader.config, registry), warn);
  lifecycle.started('registry client', () => registries.close());
  const collector = new Collector({
    store,
    pins: () => booter.pinnedDigests(),
    limit: () => reloader.config.cache.maxSize,
    events,
  });
  const blobs = new BlobCache({ store, events, clock: { now: () => clock.ticks() }, collector });
  lifecycle.started('cache', () => blobs.close());
  const images = new Catalog({
    sources: new ImageSources(registries),
    resolutions: database.resolutions,
    events,
    clock,
  });
  lifecycle.started('catalog', () => images.close());

  let base = advertisedUrl(config, config.http.listen.port, {
    warn: (text) => log.warn({ event: 'config.warning' }, text),
  });
  const urls = new BootUrls(() => base);
  const booter: Booter = new Booter({ mapping: config, images, blobs, plans: database.plans, urls, events, clock });
  const advertise = (port: number) => {
    base = advertisedUrl(config, port);
    return base;
  };
  return { booter, database, urls, advertise };
}

/** What is mapped is resolved beside the machines' requests, and anew when the mapping changes. */
class Resolving {
  readonly #booter: Booter;
  #abort = new AbortController();
  #stopped = false;

  constructor(booter: Booter) {
    this.#booter = booter;
  }

  start(): void {
    if (this.#stopped) return;
    this.#abort.abort();
    this.#abort = new AbortController();
    void this.#booter.resolveMapped(this.#abort.signal).catch(() => undefined);
  }

  stop(): void {
    this.#stopped = true;
    this.#abort.abort();
  }
}

function readAnew(file: string, inForce: ReadFiles | undefined, signal: AbortSignal): Promise<LoadOutcome> {
  const options = { file, env: process.env, cwd: process.cwd() };
  return readConfigFilesAside({ ...options, ...(inForce !== undefined && { inForce }) }, { signal });
}

async function startReloading(reloader: Reloader, log: Logger, lifecycle: Lifecycle): Promise<void> {
  lifecycle.started('reloading', () => reloader.close());
  const watch = await MappingWatch.start({
    lastRead: () => reloader.lastRead,
    inForce: () => reloader.inForce,
    onChange: (atRest) => reloader.reloadAtRest(atRest),
    onBlind: (reason) => log.warn({ event: 'config.warning' }, `${reason}: changes are noticed later`),
  });
  lifecycle.started('watch of the configuration', () => watch.close());
}

/** A chore that fails is no reason to end: its parts tell of it. */
function startPruning(booter: Booter, lifecycle: Lifecycle): void {
  const prune = () => void booter.prunePlans().catch(() => undefined);
  const timer = setInterval(prune, PRUNE_MILLISECONDS);
  prune();
  lifecycle.started('pruning', () => clearInterval(timer));
}

function countEntries({ mapped }: Metrics, { machines, assignments }: Config): void {
  mapped.set({ kind: 'machine' }, machines.length);
  mapped.set({ kind: 'assignment' }, assignments.length);
}
