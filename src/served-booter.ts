import { advertisedUrl, hostNetworks } from './advertise.js';
import { collectGarbage } from './blob/garbage.js';
import type { EventSink } from './boot/event.js';
import { whoseStanding } from './boot/standing-keys.js';
import type { BootListeners } from './boot-listeners.js';
import { openBootRecords } from './boot-records.js';
import { nearerBases } from './booter/base-url.js';
import { BootFindings } from './booter/boot-findings.js';
import { BootUrls, type NearerBase } from './booter/boot-urls.js';
import { Booter } from './booter/booter.js';
import type { EventHub } from './booter/event-hub.js';
import { ImageDesk } from './booter/image-desk.js';
import type { Journal } from './booter/journal.js';
import type { Policies } from './booter/policies.js';
import { every, systemClock, waitFor } from './clock.js';
import type { JoinedEntries } from './config/joined-entries.js';
import { type Content, cacheFolderIn, openContent } from './content.js';
import type { CacheRouteParts } from './http/routes/cache.js';
import { openLeases } from './lease-records.js';
import type { Lifecycle } from './lifecycle.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { DiskArpTable } from './net/disk-arp-table.js';
import { HostNeighbours } from './net/host-neighbours.js';
import { Ip6Neighbours } from './net/ip6-neighbours.js';
import { printIp6Neighbours } from './net/ip6-neighbours-process.js';
import { type Documents, NO_DOCUMENTS } from './provision/documents.js';
import type { Reloader } from './reload.js';
import { joinStored } from './stored-entries.js';

/** The booter, and what it is made of. */
export type ServedBooter = Content & {
  readonly booter: Booter;
  readonly joined: JoinedEntries;
  readonly journal: Journal;
  readonly findings: BootFindings;
  readonly policies: Policies;
  readonly hub: EventHub;
  readonly urls: BootUrls;
  readonly cache: CacheRouteParts;
  readonly desk: ImageDesk;
  /** Says on which port machines are to ask, which the system may have chosen; answers the whole base URL. */
  readonly advertise: (listeners: Pick<BootListeners, 'http' | 'interfaces'>) => string;
};

export type BooterNeeds = {
  readonly lifecycle: Lifecycle;
  readonly hub: EventHub;
  readonly metrics: Metrics;
  /** As they were read with the configuration. */
  readonly documents: Documents | undefined;
};

/** Opens the state, the cache and the catalog, and builds the booter by hand. */
export async function buildBooter(
  reloader: Reloader,
  log: Logger,
  { lifecycle, hub, metrics, documents = NO_DOCUMENTS }: BooterNeeds,
): Promise<ServedBooter> {
  const { config } = reloader;
  const events = hub.tell;
  const content = await openContent({
    config: () => reloader.config,
    pins: () => booter.mapped.pinnedDigests(),
    warn: (text) => log.warn({ event: 'registry.warning' }, text),
    events,
    metrics,
    lifecycle,
  });
  const { images, blobs, database } = content;
  const warn = (text: string) => log.warn({ event: 'config.warning' }, text);
  const neighbours = hostNeighbours();
  const leases = await openLeases(config.dhcp, {
    ...{ store: database.leases, neighbours, events, lifecycle, warn },
    mapping: () => booter.mapping,
    trustedRelays: () => reloader.config.identity.trustedRelays,
  });
  const { journal, policies } = await openBootRecords({
    ...{ database, neighbours, events, lifecycle, warn },
    leaseMacAt: (address) => leases?.desk.macAt(address),
    ownNetworks: hostNetworks(),
    isKnown: (machine) => booter.knows(machine),
    recordOf: (key) => booter.recordOf(key),
    identity: () => reloader.config.identity,
    enrols: () => reloader.config.unknown === 'enrol',
  });
  hub.add(journal.sink);
  let base = advertisedUrl(config, config.http.listen.port, { warn });
  let nearer: readonly NearerBase[] = [];
  const urls = new BootUrls(
    () => base,
    () => nearer,
  );
  const joined = await joinStored(config, { store: database.entries, events, warn });
  const mapping = { ...joined.lists, defaults: config.defaults };
  const parts = { mapping, documents, images, blobs, plans: database.plans, urls, events };
  const given = { ...parts, ...(leases !== undefined && { leases: leases.desk }) };
  const booter: Booter = new Booter({ ...given, clock: systemClock, neighbours, policies });
  const findings = startFindings({ booter, journal, policies }, events, lifecycle);
  leases?.restore(policies.standings.allDoubtedSince !== undefined);
  const advertise: ServedBooter['advertise'] = ({ http, interfaces }) => {
    base = advertisedUrl(config, http.port);
    nearer = nearerBases({ advertise: config.advertise, interfaces }, http.port);
    return base;
  };
  const cache = cacheOf({ ...content, booter }, reloader);
  const desk = deskOf({ ...content, booter }, reloader);
  return { ...content, booter, joined, journal, findings, policies, hub, urls, advertise, cache, desk };
}

function startFindings(
  { booter, journal, policies }: Pick<ServedBooter, 'booter' | 'journal' | 'policies'>,
  events: EventSink,
  lifecycle: Lifecycle,
): BootFindings {
  const findings = new BootFindings({
    listen: (listener) => journal.listen(listener),
    assignmentNamed: (name) => booter.mapping.byName.get(name),
    isDone: (machine) => {
      const subject = booter.named(machine);
      return subject !== undefined && policies.standings.of(whoseStanding(subject).keys)?.done !== undefined;
    },
    isFetching: (machine) => booter.transferEvents.running.isTo(machine),
    ...{ events, clock: systemClock, every },
  });
  findings.start();
  lifecycle.started('findings', () => findings.close());
  return findings;
}

function hostNeighbours(): HostNeighbours {
  const ticks = () => systemClock.ticks();
  const ip6 = new Ip6Neighbours({ print: () => printIp6Neighbours(), ticks, wait: waitFor });
  return new HostNeighbours({ ip4: new DiskArpTable({ ticks }), ip6 });
}

type Served = Content & { readonly booter: Booter };

function cacheOf({ collector, booter, store }: Served, reloader: Reloader): CacheRouteParts {
  return {
    folder: cacheFolderIn(reloader.config.data),
    holdings: () => store.holdings(),
    limit: () => reloader.config.cache.maxSize,
    collect: async (wanted) => {
      const unresolved = booter.mapped.unresolved();
      const isAnythingMapped = booter.mapped.places().length > 0;
      return { removed: await collectGarbage({ collector, unresolved, isAnythingMapped }, wanted) };
    },
  };
}

function deskOf({ booter, blobs }: Served, reloader: Reloader): ImageDesk {
  return new ImageDesk({
    mapping: () => booter.mapping,
    mapped: booter.mapped,
    fetchAhead: (descriptor, sources, signal) => blobs.fetchAhead(descriptor, sources, signal),
    defaultRegistry: () => reloader.config.defaultRegistry,
  });
}
