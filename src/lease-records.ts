import type { EventSink } from './boot/event.js';
import { ConflictProbe } from './booter/conflict-probe.js';
import { LeaseDesk, type LeaseDeskParts } from './booter/lease-desk.js';
import type { LeaseRegister } from './booter/leases.js';
import { every, systemClock } from './clock.js';
import type { Config } from './config/schema.js';
import { readSystemStart, uptime } from './disk-system-start.js';
import { fewOf } from './format.js';
import { type LeaseClock, startOfClock } from './lease/lease-clock.js';
import type { LeaseStore } from './lease/ports.js';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';
import { formatSubnet, type IpAddress } from './net/ip.js';
import { Pinger } from './net/ping-process.js';

export type LeaseRecordsParts = {
  readonly store: LeaseStore;
  readonly mapping: LeaseDeskParts['mapping'];
  readonly trustedRelays: LeaseDeskParts['trustedRelays'];
  readonly neighbours: LeaseDeskParts['neighbours'];
  readonly events: EventSink;
  readonly lifecycle: Lifecycle;
  readonly warn: (text: string) => void;
};

/** Who has which address, where this server gives them. */
export type LeaseRecords = {
  readonly desk: LeaseDesk;
  /** Takes up what is kept, once there is a mapping; before anybody asks. `isInDoubt`: the state was restored, or replaced. */
  readonly restore: (isInDoubt: boolean) => void;
};

/** How often it is looked whether the time of day was set. */
const CLOCK_MILLISECONDS = 10_000;
const MOST_NAMED = 5;

/** Ends when nobody asks any more, and before the state does. undefined where addresses are others'. Throws DATA_UNUSABLE, DISK_FULL. */
export async function openLeases(dhcp: Config['dhcp'], parts: LeaseRecordsParts): Promise<LeaseRecords | undefined> {
  if (dhcp?.mode !== 'server') return undefined;
  const { store, mapping, trustedRelays, neighbours, events, lifecycle, warn } = parts;
  const kept = await store.loadLeases();
  const clock = await openClock(
    store,
    kept.leases.reduce((newest, { since }) => Math.max(newest, since), 0),
  );
  const pinger = dhcp.probe ? new Pinger() : undefined;
  lifecycle.started('probe of addresses', () => pinger?.close());
  const probe = pinger && (await openProbe(pinger, { answered: (address) => desk.conflict(address), warn }));
  const desk = new LeaseDesk({
    ...{ subnets: dhcp.subnets, isAuthoritative: dhcp.authoritative },
    ...{ mapping, trustedRelays, neighbours, store, clock, events },
    ...(probe !== undefined && { isFree: (address: IpAddress) => probe.isFree(address) }),
  });
  const stopKeeping = every(CLOCK_MILLISECONDS, () => void keepClock(store, clock).catch(() => undefined));
  lifecycle.started('leases', async () => {
    stopKeeping();
    await desk.settled();
  });
  return { desk, restore: (isInDoubt) => warnOfOdd(kept.damaged, desk.restore(kept, isInDoubt), warn) };
}

async function openClock(store: LeaseStore, newest: number): Promise<LeaseClock> {
  const parts = { boot: await readSystemStart(), uptime, timeOfDay: () => systemClock.now() };
  const clock = startOfClock(parts, await store.loadLeaseClock(), newest);
  await keepClock(store, clock);
  return clock;
}

/** One that cannot be kept is due again. */
async function keepClock(store: LeaseStore, clock: LeaseClock): Promise<void> {
  const due = clock.due();
  if (due === undefined) return;
  await store.saveLeaseClock(due);
  clock.kept(due);
}

/** Why addresses would be given without a look, of ranges; as `openLeases` would warn. Takes ten seconds at most. */
export async function findProbeTrouble(dhcp: Config['dhcp']): Promise<readonly string[]> {
  if (dhcp?.mode !== 'server' || !dhcp.probe || dhcp.subnets.every(({ ranges }) => ranges.length === 0)) return [];
  const warnings: string[] = [];
  const pinger = new Pinger();
  try {
    await openProbe(pinger, { answered: () => undefined, warn: (text) => warnings.push(text) });
  } finally {
    pinger.close();
  }
  return warnings;
}

type ProbeParts = { readonly answered: (address: IpAddress) => void; readonly warn: (text: string) => void };

async function openProbe(pinger: Pinger, { answered, warn }: ProbeParts): Promise<ConflictProbe> {
  const probe = new ConflictProbe({
    ping: (address, maxMilliseconds) => pinger.ping(address, maxMilliseconds),
    ticks: () => systemClock.ticks(),
    answered,
    failed: (reason) =>
      warn(`addresses are given without a look whether somebody uses them: ${reason}, or set dhcp.probe to false`),
  });
  await probe.begin();
  return probe;
}

function warnOfOdd(damaged: readonly IpAddress[], elsewhere: number, warn: LeaseRecordsParts['warn']): void {
  if (damaged.length > 0)
    warn(
      `who has ${fewOf(damaged, MOST_NAMED)} cannot be read in the state: nobody is given that for as long as a lease lasts`,
    );
  if (elsewhere > 0)
    warn(`leases of no subnet in dhcp.subnets: ${elsewhere}; they are kept, and count again when it is there again`);
}

/** From now on `/metrics` tells of them, whenever it is asked. */
export function countLeases(metrics: Metrics, register: Pick<LeaseRegister, 'pools'> | undefined): void {
  if (register === undefined) return;
  // A series that begins with its first event hides that event from Prometheus' increase().
  for (const { subnet } of register.pools()) metrics.exhaustedPools.inc({ subnet: formatSubnet(subnet.subnet) }, 0);
  metrics.countPools(() =>
    register
      .pools()
      .map(({ subnet, counts: { size, ...states } }) => ({ subnet: formatSubnet(subnet.subnet), size, states })),
  );
}
