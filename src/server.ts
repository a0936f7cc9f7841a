import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { BlobCache } from './blob/blob-cache.js';
import { DiskBlobStore } from './blob/disk-blob-store.js';
import type { BootEvent } from './boot/event.js';
import { orderAssignments } from './boot/select.js';
import { type BaseUrlInput, decideBaseUrl } from './booter/base-url.js';
import { BootUrls } from './booter/boot-urls.js';
import { Booter } from './booter/booter.js';
import { logSink } from './booter/log-sink.js';
import { mappedWishes } from './booter/mapped-wishes.js';
import { metricsSink } from './booter/metrics-sink.js';
import { Catalog } from './catalog/catalog.js';
import { ImageSources } from './catalog/image-sources.js';
import { systemClock } from './clock.js';
import type { Config } from './config/schema.js';
import { BootlayerError } from './errors.js';
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
import { Inventory } from './machine/inventory.js';
import { createMetrics, type Metrics } from './metrics.js';
import { formatEndpoint } from './net/endpoint.js';
import { isLinkLocal, parseIp } from './net/ip.js';
import { RegistryClient } from './oci/registry-client.js';
import { type Database, openDatabase } from './store/sqlite-database.js';

export type RunningServer = {
  /** Where the two listeners really listen. */
  readonly http: string;
  readonly api: string;
  /** How machines reach it. */
  readonly advertise: string;
  /** Resolves when it has ended by `stop`, rejects when a part ended by itself. */
  readonly ended: Promise<void>;
  /** Ends gracefully: no new machines, running transfers finish within the grace time. */
  stop(): Promise<void>;
};

const GRACE_MILLISECONDS = 30_000;
const PRUNE_MILLISECONDS = 60 * 60 * 1000;

/**
 * Builds every part by hand and starts them in order: state, cache, catalog, booter, API listener, and the boot
 * listener last, so that no machine is invited that cannot be served. Whatever fails on the way stops what runs.
 */
export async function startServer(config: Config, log: Logger): Promise<RunningServer> {
  advertisedUrl(config, config.http.listen.port);
  const lifecycle = new Lifecycle();
  try {
    return await start(config, log, lifecycle);
  } catch (thrown) {
    await lifecycle.stop().catch(() => undefined);
    throw thrown;
  }
}

async function start(config: Config, log: Logger, lifecycle: Lifecycle): Promise<RunningServer> {
  const metrics = createMetrics();
  const { booter, database, urls, advertise } = await buildBooter(config, log, { lifecycle, metrics });
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
    ready = false;
    booter.drain();
    await systemClock.within(GRACE_MILLISECONDS, transfers.idle());
    await closeListener(boot);
  });
  const httpAt = await listen(boot, config.http.listen, 'http.listen');

  const advertised = advertise(httpAt.port);
  ready = true;
  startChores(config, booter, lifecycle);
  const listening = { http: formatEndpoint(httpAt), api: formatEndpoint(apiAt), advertise: advertised };
  log.info({ event: 'server.listening', ...listening }, `machines boot from ${urls.greeting()}`);
  return { ...listening, ended: lifecycle.endedWith(database.ended), stop: () => lifecycle.stop() };
}

type BooterOfServer = {
  readonly booter: Booter;
  readonly database: Database;
  readonly urls: BootUrls;
  /** Says on which port machines are to ask, which the system may have chosen; answers the whole base URL. */
  readonly advertise: (port: number) => string;
};

async function buildBooter(
  config: Config,
  log: Logger,
  { lifecycle, metrics }: { readonly lifecycle: Lifecycle; readonly metrics: Metrics },
): Promise<BooterOfServer> {
  const sinks = [logSink(log), metricsSink(metrics)];
  const events = (event: BootEvent) => {
    for (const sink of sinks) sink(event);
  };
  const clock = systemClock;

  const database = await openDatabase(join(config.data, 'state.db'));
  lifecycle.started('state', () => database.close());
  const store = await DiskBlobStore.open(join(config.data, 'cache'));
  const registries = new RegistryClient({ plainHttp: (registry) => config.plainHttpRegistries.has(registry) });
  lifecycle.started('registry client', () => registries.close());
  const blobs = new BlobCache({ store, events, clock: { now: () => clock.ticks() } });
  lifecycle.started('cache', () => blobs.close());
  const images = new Catalog({
    sources: new ImageSources(registries),
    resolutions: database.resolutions,
    events,
    clock,
  });
  lifecycle.started('catalog', () => images.close());

  let base = advertisedUrl(config, config.http.listen.port, log);
  const urls = new BootUrls(() => base);
  const booter = new Booter({
    inventory: new Inventory(config.machines),
    assignments: orderAssignments(config.assignments),
    defaults: config.defaults.kernelArgs,
    images,
    blobs,
    plans: database.plans,
    urls,
    events,
    clock,
  });
  const advertise = (port: number) => {
    base = advertisedUrl(config, port);
    return base;
  };
  return { booter, database, urls, advertise };
}

/** What is done beside the machines' requests. A chore that fails is no reason to end: its parts tell of it. */
function startChores(config: Config, booter: Booter, lifecycle: Lifecycle): void {
  const quietly = (work: Promise<unknown>) => void work.catch(() => undefined);
  quietly(booter.resolveMapped(mappedWishes(config.assignments, config.machines)));
  const timer = setInterval(() => quietly(booter.prunePlans()), PRUNE_MILLISECONDS);
  quietly(booter.prunePlans());
  lifecycle.started('chores', async () => clearInterval(timer));
}

/** Throws CONFIG_INVALID when nothing says how machines reach this host. */
function advertisedUrl(config: Config, port: number, log?: Logger): string {
  const input: BaseUrlInput = {
    advertise: config.advertise,
    listen: { host: config.http.listen.host, port },
    hostAddresses: hostAddresses(),
  };
  const decided = decideBaseUrl(input);
  if (decided.kind === 'url') {
    if (decided.warning !== undefined) log?.warn({ event: 'config.warning' }, decided.warning);
    return decided.url;
  }
  const found = decided.candidates.length === 0 ? 'none' : decided.candidates.join(', ');
  throw new BootlayerError(
    'CONFIG_INVALID',
    `cannot tell by which address machines reach this host (found: ${found})`,
    {
      remedy: 'set "advertise" in the configuration to one of its addresses or a URL',
    },
  );
}

function hostAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .filter(({ internal }) => !internal)
    .map(({ address }) => parseIp(address))
    .filter((ip) => ip !== undefined && !isLinkLocal(ip)) as readonly string[];
}
