import { judgedLease } from '../booter/foreign-lease.js';
import { cardOf, LeaseClients } from '../booter/lease-clients.js';
import { ENDLESS } from '../booter/leases.js';
import { problemsOf, revisionOf } from '../config/api-entry.js';
import { FileEntries } from '../config/file-entries.js';
import { JoinedEntries } from '../config/joined-entries.js';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { type LeaseOutcome, toldOutcome } from '../http/routes/lease-import.js';
import type { MachineDocument } from '../lease/import/host-machines.js';
import { LeaseBook } from '../lease/lease-book.js';
import { Inventory } from '../machine/inventory.js';
import type { MacAddress } from '../net/mac.js';
import { apiOf, type ServerOptions } from './api-server.js';
import { noteOnStderr, readConfigIfThere } from './common.js';
import { type AskedForeign, type Fate, fateBeside, type ImportTarget, serverTarget } from './import-target.js';

/** Who has judged: a running server, the configuration at hand alone, or nobody. */
export type Judge = 'server' | 'configuration' | 'nobody';

export type Rehearsal = { readonly judge: Judge; readonly target: ImportTarget };

/** What would become of leases and hosts: asks the server, else the configuration. Says so where no server could be asked. */
export async function rehearsalFor(options: ServerOptions): Promise<Rehearsal> {
  const config = await readConfigIfThere(options);
  const api = options.server === undefined && config === undefined ? undefined : await apiOf(options);
  const server = api && serverTarget(api, true);
  if (server !== undefined && (await answers(server))) return { judge: 'server', target: withNewMachines(server) };
  const why =
    api === undefined ? 'there is no configuration, and no --server' : `no server of ours answers at ${api.url}`;
  if (config === undefined) {
    noteOnStderr(`${why}: what it has, and its dhcp.subnets, could not be asked; -c names a configuration to judge by`);
    return { judge: 'nobody', target: TAKES_ALL };
  }
  noteOnStderr(`${why}: judged by ${config.file} alone, without the leases and the machines of its API`);
  return { judge: 'configuration', target: withNewMachines(await configTarget(config)) };
}

/** Throws what keeps it from being asked. */
async function answers(target: ImportTarget): Promise<boolean> {
  try {
    await target.subnets();
    return true;
  } catch (thrown) {
    if (BootlayerError.from(thrown).code !== 'SERVER_UNREACHABLE') throw thrown;
    return false;
  }
}

const TAKES_ALL: ImportTarget = {
  machine: async () => ({ kind: 'added' }),
  leases: async (leases) => leases.map(({ address }) => ({ address, adopted: true })),
  subnets: async () => undefined,
};

/** Judges leases as if the machines that it has been asked about were there: an import makes them first. */
function withNewMachines(target: ImportTarget): ImportTarget {
  const owners = new Map<string, MachineDocument>();
  return {
    ...target,
    machine: async (machine) => {
      const fate = await target.machine(machine);
      if (fate.kind === 'added' && machine.ip !== undefined) owners.set(machine.ip, machine);
      return fate;
    },
    leases: async (leases) => {
      const asked = leases.map((lease) => ({ ...lease, isReserved: isOwn(lease, owners.get(lease.address)) }));
      const outcomes = await target.leases(asked);
      return outcomes.map((outcome, at): LeaseOutcome => {
        const { address, adopted, present } = outcome;
        const owner = owners.get(address);
        if (owner === undefined || asked[at]?.isReserved === true || !adopted || present === true) return outcome;
        return { address, adopted: false, reason: `${address} is reserved for ${owner.name}` };
      });
    },
  };
}

function isOwn({ client }: AskedForeign, owner: MachineDocument | undefined): boolean {
  const card: MacAddress | undefined = cardOf(client);
  return card !== undefined && owner?.mac.includes(card) === true;
}

/** A server with this configuration that has no leases and no machines of its API yet. */
async function configTarget(config: Config): Promise<ImportTarget> {
  const joined = await JoinedEntries.join(await FileEntries.of(config), []);
  const { dhcp, machines, file } = config;
  const subnets = dhcp?.mode === 'server' ? dhcp.subnets : undefined;
  const records = { machines, inventory: new Inventory(machines) };
  return {
    machine: async (machine) => fateIn(joined, machine),
    leases: async (leases) => {
      if (dhcp?.mode !== 'server') throw noLeases(file);
      const clients = new LeaseClients(() => records);
      const reservations = () => clients.reservations();
      const book = new LeaseBook({ subnets: dhcp.subnets, isAuthoritative: dhcp.authoritative, reservations });
      const clock = { now: Date.now, fromEpoch: Number };
      const parts = { book, clients, clock };
      return leases.map((lease) => toldOutcome(judgedLease({ ...lease, until: lease.until ?? ENDLESS }, parts)));
    },
    subnets: async () => subnets?.map(({ subnet }) => subnet),
  };
}

function noLeases(file: string): BootlayerError {
  return new BootlayerError('NO_LEASES', `${file} gives no addresses, so that there would be no leases`, {
    remedy: 'set dhcp.mode to server, with dhcp.subnets',
  });
}

function fateIn(joined: JoinedEntries, machine: MachineDocument): Fate {
  const { name } = machine;
  const there = joined.find('machine', name)?.shown();
  if (there !== undefined) return fateBeside(machine, there.document);
  const entry = { kind: 'machine', name, document: machine, revision: revisionOf(name) } as const;
  const verdict = joined.judge(entry);
  if (verdict.kind === 'sound') return { kind: 'added' };
  return { kind: 'refused', reason: problemsOf({ verdict }).join('; ') };
}
