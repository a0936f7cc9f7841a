import { hostInterfaces } from './advertise.js';
import type { BootFindings } from './booter/boot-findings.js';
import type { BootUrls } from './booter/boot-urls.js';
import type { Booter } from './booter/booter.js';
import { EntryDoubts } from './booter/entry-doubts.js';
import type { ImageDesk } from './booter/image-desk.js';
import type { Journal } from './booter/journal.js';
import { findNotDone } from './booter/not-done.js';
import type { Policies } from './booter/policies.js';
import { version } from './cli/version.js';
import { every, systemClock } from './clock.js';
import { findNetworkAddresses } from './config/dhcp-problems.js';
import type { ApiToken, Config } from './config/schema.js';
import { type Content, stateFileIn } from './content.js';
import { Api } from './http/api.js';
import { apiGuard } from './http/api-guard.js';
import { createListener } from './http/app.js';
import { closeListener, listen } from './http/listen.js';
import { countRequests } from './http/request-metrics.js';
import { type BootRouteParts, bootRecordRoutes } from './http/routes/boots.js';
import { type CacheRouteParts, cacheRoutes } from './http/routes/cache.js';
import { type EntryRouteParts, entryRoutes } from './http/routes/entries.js';
import { type EventRouteParts, eventRoutes, type OpenStreams } from './http/routes/events.js';
import { healthRoutes } from './http/routes/health.js';
import { imageRoutes } from './http/routes/images.js';
import { leaseImportRoute } from './http/routes/lease-import.js';
import { reserveRoute } from './http/routes/lease-reserve.js';
import { type LeaseRouteParts, leaseRoutes } from './http/routes/leases.js';
import { metricsRoutes } from './http/routes/metrics.js';
import { openApiRoutes } from './http/routes/openapi.js';
import { type StandingRouteParts, shownStanding, standingRoutes } from './http/routes/standings.js';
import { type StateRouteParts, stateRoutes } from './http/routes/state.js';
import type { Lifecycle } from './lifecycle.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import type { Endpoint } from './net/endpoint.js';
import type { IpAddress } from './net/ip.js';
import { Turns } from './turns.js';

/** What the routes ask. */
export type ApiParts = Pick<EntryRouteParts, 'entries' | 'doubtsOf'> & {
  readonly boots: BootRouteParts;
  readonly events: EventRouteParts;
  readonly standings: StandingRouteParts;
  readonly state: StateRouteParts;
  readonly desk: Parameters<typeof imageRoutes>[1];
  readonly cache: CacheRouteParts;
  readonly leases: LeaseRouteParts;
  /** Of the program. */
  readonly version: string;
};

export type ApiListenerParts = Pick<Content, 'database'> & {
  readonly journal: Journal;
  readonly findings: Pick<BootFindings, 'of' | 'first' | 'listen'>;
  readonly policies: Policies;
  readonly standings: Omit<StandingRouteParts, 'doubtsOf'>;
  readonly booter: Booter;
  readonly urls: BootUrls;
  readonly entries: EntryRouteParts['entries'];
  /** What `api.tokenFile` names. */
  readonly tokens: readonly ApiToken[] | undefined;
  readonly cache: CacheRouteParts;
  readonly desk: ImageDesk;
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
};

export type ApiListener = {
  /** Where it really listens. */
  readonly at: Endpoint;
  /** These count from now on, where there were some from the start. */
  readonly renewTokens: (tokens: readonly ApiToken[]) => void;
};

/** People, dashboards and scripts; an answer that nobody reads takes memory. */
const MOST_CONNECTIONS = 512;
/** Longer than removing thousands of files takes. Events beat more often than that. */
const SILENCE_MILLISECONDS = 300_000;

/** Each looks at all machines, and whoever may only read can ask for them. */
const MOST_LOOKS = 16;

/** Declares everything that the API has; answers the event streams that are open. */
export function declareApi(api: Api, parts: ApiParts): OpenStreams {
  const { boots, events, standings, state, desk, cache, leases, version: ours } = parts;
  const ofEntries = { ...parts, standingOf: (machine: string) => shownStanding(standings, machine) };
  entryRoutes(api, ofEntries);
  bootRecordRoutes(api, boots);
  const streams = eventRoutes(api, events);
  standingRoutes(api, standings);
  stateRoutes(api, state);
  imageRoutes(api, desk);
  cacheRoutes(api, cache);
  leaseRoutes(api, leases);
  leaseImportRoute(api, leases);
  reserveRoute(api, { ...ofEntries, ...leases });
  openApiRoutes(api, ours);
  return streams;
}

/** `a router of 192.168.77.0/24`; undefined where a machine may have it. */
function takenFrom(address: IpAddress, { dhcp }: Config): string | undefined {
  const isOurs = hostInterfaces().some(({ addresses }) => addresses.includes(address));
  return findNetworkAddresses(dhcp).get(address) ?? (isOurs ? 'an address of this server itself' : undefined);
}

function doubtsOf({ dhcp }: Config, { booter, desk, policies, urls }: ApiListenerParts): EntryDoubts {
  return new EntryDoubts({
    ...{ desk, clock: systemClock, mapping: () => booter.mapping },
    verifies: policies.verifies,
    known: { mapped: booter.mapped, urls, seesDhcp: dhcp !== undefined },
    leases: booter.leases?.register,
  });
}

function apiParts(config: Config, parts: ApiListenerParts): ApiParts {
  const { journal, findings, policies, standings, booter, database, entries, cache, desk } = parts;
  const looks = new Turns({ what: 'looks at all machines', most: MOST_LOOKS });
  const doubts = doubtsOf(config, parts);
  return {
    boots: {
      boots: database.boots,
      findings: (boot) => findings.of(boot),
      firstFinding: (boot) => findings.first(boot),
      settled: () => journal.settled(),
    },
    events: {
      listen: (listener) => journal.listen(listener),
      listenToFindings: (listener) => findings.listen(listener),
      running: (most) => booter.transferEvents.running.list(most),
      clock: { now: () => systemClock.now(), every },
    },
    state: {
      file: stateFileIn(config.data),
      copy: () => database.copy(systemClock.now()),
      isDoubted: () => policies.standings.isDoubted,
      doubtedSince: () => policies.standings.allDoubtedSince,
      sizes: () => database.sizes(),
      notDone: () =>
        looks.take(() => findNotDone(booter.mapping, { standings: policies.standings, now: systemClock.now() })),
      trust: () => policies.standings.trust(),
    },
    ...{ entries, desk, cache, version: version() },
    leases: {
      register: booter.leases?.register,
      taken: (address) => takenFrom(address, config),
    },
    standings: { ...standings, doubtsOf: (image) => doubts.ofImage(image) },
    doubtsOf: (kind, name) => doubts.ofEntry(kind, name),
  };
}

/** Opens the listener of the API and of what watches the server. Throws PORT_UNAVAILABLE. */
export async function openApi(config: Config, parts: ApiListenerParts): Promise<ApiListener> {
  const { metrics, isReady, desk, lifecycle, log } = parts;
  let { tokens } = parts;
  const app = createListener(log);
  countRequests(app.server, metrics, 'api');
  app.server.maxConnections = MOST_CONNECTIONS;
  app.server.setTimeout(SILENCE_MILLISECONDS);
  const guard = apiGuard({ tokens: () => tokens, ticks: () => systemClock.ticks() });
  healthRoutes(app, isReady);
  metricsRoutes(app, metrics, async (request) => {
    if (tokens !== undefined) await guard(request, 'read');
  });
  const streams = declareApi(new Api(app, guard), apiParts(config, parts));
  lifecycle.started('API listener', () => {
    desk.close();
    return closeListener(app);
  });
  const at = await listen(app, config.api.listen, 'api.listen');
  const renewTokens = (renewed: readonly ApiToken[]) => {
    // Without them, whoever wanted none would be shut out by a change that counts from the next start on.
    if (tokens === undefined) return;
    tokens = renewed;
    streams.end();
  };
  return { at, renewTokens };
}
