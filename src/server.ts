import { hostInterfaces, requireInterfaces } from './advertise.js';
import { type ApiListener, openApi } from './api-listener.js';
import { Scrubber } from './blob/scrubber.js';
import type { EventSink } from './boot/event.js';
import { type BootListeners, type BootListenersParts, openBootListeners } from './boot-listeners.js';
import { type BootWarningsInput, findBootWarnings } from './boot-warnings.js';
import { bootTimes } from './booter/boot-times.js';
import type { BootUrls } from './booter/boot-urls.js';
import type { Booter } from './booter/booter.js';
import { findUntoldWarnings } from './booter/check-policies.js';
import { EventHub } from './booter/event-hub.js';
import { logSink } from './booter/log-sink.js';
import type { MappingInput } from './booter/mapping.js';
import { metricsSink } from './booter/metrics-sink.js';
import { version } from './cli/version.js';
import { systemClock, waitFor } from './clock.js';
import type { LoadOutcome, ReadFiles } from './config/load.js';
import { readConfigFilesAside } from './config/load-process.js';
import { MappingWatch } from './config/mapping-watch.js';
import type { Loaded } from './config/read.js';
import type { Config } from './config/schema.js';
import { type DhcpWarningsInput, findDhcpWarnings } from './dhcp-warnings.js';
import { isIpv6Socket } from './disk-sockets.js';
import { Entries } from './entries.js';
import { inheritedSockets } from './inherited.js';
import { countLeases } from './lease-records.js';
import { Lifecycle } from './lifecycle.js';
import type { Logger } from './log.js';
import { createMetrics, type Metrics } from './metrics.js';
import { formatEndpoint } from './net/endpoint.js';
import { lowerPrivileges } from './privileges-process.js';
import { Reloader, type Renewed } from './reload.js';
import { buildBooter, type ServedBooter } from './served-booter.js';
import { standingDesk } from './standing-desk.js';
import type { TracesParts } from './traces.js';
import { Upkeep } from './upkeep.js';

export type RunningServer = {
  /** Where the listeners really listen. */
  readonly http: string;
  /** Missing where it is not configured. */
  readonly https?: string;
  /** Missing where it is turned off; of several, with a comma between. */
  readonly tftp?: string;
  /** With the interfaces: `br0 (192.168.77.1:67, 4011)`. */
  readonly dhcp?: string;
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

/** Where it is to be reached, decided before anything is opened. */
type Reach = Pick<BootListenersParts, 'inherited' | 'interfaces'>;

/**
 * Builds every part by hand and starts them in order: state, cache, catalog, booter, API listener, and the boot
 * listener last, so that no machine is invited that cannot be served. Whatever fails on the way stops what runs; what can be
 * refused beforehand is, and leaves nothing on the disk.
 */
export async function startServer(initial: Initial, log: Logger): Promise<RunningServer> {
  const inherited = inheritedSockets({ env: process.env, pid: process.pid, isIpv6: isIpv6Socket });
  const interfaces = requireInterfaces(initial.config, inherited.dhcp);
  const lifecycle = new Lifecycle();
  try {
    return await start(initial, { inherited, interfaces }, { log, lifecycle });
  } catch (thrown) {
    await lifecycle.stop().catch(() => undefined);
    throw thrown;
  }
}

async function start(
  initial: Initial,
  reach: Reach,
  { log, lifecycle }: { readonly log: Logger; readonly lifecycle: Lifecycle },
): Promise<RunningServer> {
  const { config } = initial;
  const warn = (text: string) => log.warn({ event: 'config.warning' }, text);
  const privileges = lowerPrivileges(config, warn);
  const metrics = createMetrics();
  const hub = new EventHub([logSink(log, () => systemClock.ticks()), metricsSink(metrics)]);
  const reloader = new Reloader({
    initial,
    load: (inForce, signal) => readAnew(config.file, inForce, signal),
    apply: (next, renewed) => takeOver(next, renewed, { listeners, api, entries, booter }),
    // Not before: registries are asked as the new configuration says.
    applied: () => applied(built, upkeep, warn),
    warn,
    events: hub.tell,
    clock: systemClock,
  });
  const built = await buildBooter(reloader, log, { lifecycle, hub, metrics, documents: initial.documents });
  await observe(config, { ...built, metrics, lifecycle, log });
  const { booter, database, urls, advertise } = built;
  const upkeep = upkeepOf(built, reloader, hub.tell);
  const standings = standingsOf(built, reloader, upkeep);
  const entries = entriesOf(built, { events: hub.tell, metrics, upkeep });
  let ready = false;

  const api = await privileges.raised(() =>
    openApi(config, {
      ...{ ...built, entries, standings, metrics, lifecycle, log, tokens: initial.tokens },
      isReady: () => ready,
    }),
  );
  const listeners = await openBootListeners(config, {
    ...{ booter, urls, metrics, lifecycle, log, tls: initial.tls, ...reach },
    raised: (work) => privileges.raised(work),
    isReady: () => ready,
  });

  privileges.drop();
  const advertised = advertise(listeners);
  warnAtStart({ ...listeners, config, tls: initial.tls, urls }, booter, warn);
  ready = true;
  countEntries(metrics, booter.mapping, built.joined.disregarded());
  countLeases(metrics, booter.leases?.register);
  upkeep.start();
  lifecycle.started('upkeep', () => upkeep.stop());
  await startReloading(reloader, log, lifecycle);
  // Stopped first: whoever asks from then on is told to go elsewhere.
  lifecycle.started('readiness', () => {
    ready = false;
    booter.drain();
    listeners.drain();
  });
  const listening = { ...placesOf(listeners), api: formatEndpoint(api.at), advertise: advertised };
  log.info({ event: 'server.listening', ...listening }, listeningText(config, urls));
  return {
    ...listening,
    ended: lifecycle.endedWith(database.ended),
    reload: () => void reloader.reloadByHand(),
    stop: () => lifecycle.stop(),
  };
}

/** Who watches boots: how long they take, and their traces, of which nothing is loaded where nobody wants them. */
async function observe({ traces }: Config, parts: TracesParts & { readonly metrics: Metrics }): Promise<void> {
  parts.metrics.buildInfo.set({ version: version() }, 1);
  parts.journal.listen(bootTimes(parts.metrics));
  if (traces !== undefined) (await import('./traces.js')).openTraces(traces, parts);
}

function listeningText({ dhcp }: Config, urls: BootUrls): string {
  return `machines boot from ${urls.greeting()}${dhcp?.mode === 'server' ? ', and get their addresses here' : ''}`;
}

const DAY = 24 * 3_600_000;

type Warn = (text: string) => void;

function warnAtStart(
  input: BootWarningsInput & Pick<DhcpWarningsInput, 'interfaces'>,
  { mapping }: Booter,
  warn: Warn,
): void {
  const { dhcp } = input.config;
  const ofDhcp = findDhcpWarnings({ ...input, dhcp, machines: mapping.machines, host: hostInterfaces() });
  for (const text of [...findBootWarnings(input), ...ofDhcp, ...findUntoldWarnings(mapping)]) warn(text);
}

function applied({ booter }: ServedBooter, upkeep: Upkeep, warn: Warn): void {
  upkeep.remapped();
  for (const text of findUntoldWarnings(booter.mapping)) warn(text);
}

type Running = {
  readonly listeners: Pick<BootListeners, 'renewTls'>;
  readonly api: Pick<ApiListener, 'renewTokens'>;
  readonly entries: Entries;
  readonly booter: Pick<Booter, 'redocument'>;
};

/** Throws where the pair of TLS does not do, or an entry of the API, and nothing has changed then. */
function takeOver(next: Config, renewed: Renewed, { listeners, api, entries, booter }: Running): Promise<void> {
  const { tls, tokens, documents } = renewed;
  return entries.refile(next, () => {
    // First: it alone may not do.
    if (tls !== undefined) listeners.renewTls(tls);
    if (tokens !== undefined) api.renewTokens(tokens);
    if (documents !== undefined) booter.redocument(documents);
  });
}

function placesOf({ http, https, tftp, dhcp }: BootListeners): Pick<RunningServer, 'http' | 'https' | 'tftp' | 'dhcp'> {
  return {
    http: formatEndpoint(http),
    ...(https !== undefined && { https: formatEndpoint(https) }),
    ...(tftp !== undefined && { tftp }),
    ...(dhcp !== undefined && { dhcp }),
  };
}

function standingsOf({ policies, booter, database, hub }: ServedBooter, reloader: Reloader, upkeep: Upkeep) {
  return standingDesk({
    ...{ policies, booter, enrolments: database.enrolments, events: hub.tell },
    config: () => reloader.config,
    remapped: () => upkeep.remappedSoon(),
  });
}

type EntriesNeed = { readonly events: EventSink; readonly metrics: Metrics; readonly upkeep: Upkeep };

function entriesOf(
  { booter, policies, joined, database, urls }: ServedBooter,
  { events, metrics, upkeep }: EntriesNeed,
): Entries {
  return new Entries({
    joined,
    store: database.entries,
    mapping: () => booter.mapping,
    apply: (mapping, disregarded) => {
      booter.remap(mapping);
      countEntries(metrics, mapping, disregarded);
      upkeep.remappedSoon();
    },
    events,
    verifies: policies.verifies,
    known: { mapped: booter.mapped, urls, seesDhcp: joined.files.config.dhcp !== undefined },
    leases: booter.leases?.register,
  });
}

function upkeepOf(
  { booter, store, blobs, journal, policies, database }: ServedBooter,
  reloader: Reloader,
  events: EventSink,
): Upkeep {
  return new Upkeep({
    mapped: booter.mapped,
    records: [
      journal,
      policies.enrolments,
      // For a day it is told which of those that are asked for are over.
      { prune: () => database.capabilities.pruneCapabilities(systemClock.now() - DAY) },
    ],
    scrubber: new Scrubber({ store, events, wait: waitFor, random: Math.random }),
    fetchAhead: (descriptor, sources, signal) => blobs.fetchAhead(descriptor, sources, signal),
    prefetches: () => reloader.config.cache.prefetch,
    wait: waitFor,
    events,
  });
}

function readAnew(file: string, inForce: ReadFiles | undefined, signal: AbortSignal): Promise<LoadOutcome> {
  const options = { file, env: process.env, cwd: process.cwd(), withSecrets: true };
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

function countEntries({ mapped }: Metrics, { machines, assignments }: MappingInput, disregarded: number): void {
  mapped.set({ kind: 'machine' }, machines.length);
  mapped.set({ kind: 'assignment' }, assignments.length);
  mapped.set({ kind: 'disregarded' }, disregarded);
}
