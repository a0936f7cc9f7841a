import { Command, Option } from 'commander';
import { SHOWN_STATES } from '../lease/lease.js';
import { apiOf, type ServerOptions, withServer } from './api-server.js';
import { askOurs } from './ask-ours.js';
import { warnOnStderr } from './common.js';
import { type ToldPreview, warningsIn } from './entry-api.js';
import { writePreview } from './entry-output.js';
import { leasePath, listLeases, listPools, readLease, releaseLease, type ToldLease } from './lease-api.js';
import { requireWanted } from './lease-filters.js';
import { leaseImportCommand } from './lease-import.js';
import { holderText, writeLease, writeLeases, writePools } from './lease-output.js';
import { inOneLine, standardOutput, writeJson, writeLine } from './output.js';

type ListOptions = ServerOptions & Readonly<Partial<Record<(typeof FILTERS)[number], string>>>;
type ReserveOptions = ServerOptions & { readonly name?: string; readonly dryRun?: true };
type ReleaseOptions = ServerOptions & { readonly force?: true };

const FILTERS = ['subnet', 'state', 'mac', 'machine'] as const;

/** Who has which address, of a running server that gives addresses (dhcp.mode server). */
export function leaseCommand(): Command {
  const lease = new Command('lease').description('show who has which address, and keep or free addresses');
  lease.addCommand(
    withServer(new Command('ls'))
      .description('list leases by their addresses, also those that are over and remembered')
      .option('--subnet <subnet>', 'only those in it: 192.168.77.0/24')
      .addOption(new Option('--state <state>', 'only those in this state').choices(SHOWN_STATES))
      .option('--mac <address>', 'only those of this card')
      .option('--machine <name>', 'only those of the machine with this name')
      .addHelpText('after', STATES)
      .action(list),
  );
  lease.addCommand(
    withServer(new Command('show'))
      .description('show who has an address, had it last, or is to have it')
      .argument('<address>')
      .action(show),
  );
  lease.addCommand(
    withServer(new Command('pools'))
      .description('show how many addresses each subnet has, and how many are left')
      .addHelpText('after', COLUMNS)
      .action(pools),
  );
  lease.addCommand(
    withServer(new Command('reserve'))
      .description('make an address that of the machine which has it, by a machine of the API')
      .argument('<address>')
      .option('--name <name>', 'of a machine that is not known yet (default: as it calls itself, else its MAC)')
      .option('--dry-run', 'only tell who has it, and which known machines would boot otherwise')
      .action(reserve),
  );
  lease.addCommand(
    withServer(new Command('release'))
      .description('forget who has, or had, an address, or that it was declined: it is free again')
      .argument('<address>')
      .option('--force', 'also while its machine may use it, which is not told that it has lost it')
      .action(release),
  );
  lease.addCommand(leaseImportCommand());
  return lease;
}

const STATES = `
States: offered (not taken yet), bound (in use), expired and released (free, and remembered: its machine gets it again as long as others
are left), declined (its machine says that another uses it) and conflict (somebody without a lease answers there): both are kept from
everybody until then.`;

const COLUMNS = `
SIZE is how many addresses the ranges have, and FREE how many of them nobody has, is offered, or is reserved. The others are of the whole
subnet, in its ranges or outside of them: RESERVED counts the addresses that machines' records have, also those that are in use (and
BOUND, too), and QUARANTINED those that are declined or in conflict. LEASE is for how long an address is given.`;

async function list(options: ListOptions): Promise<void> {
  const query = new URLSearchParams();
  for (const key of FILTERS) {
    const value = options[key];
    if (value !== undefined) query.set(key, value);
  }
  const isAll = query.size === 0;
  const api = await apiOf(options);
  const leases = await listLeases(api, query);
  const output = standardOutput();
  if (leases.length === 0) await requireWanted(api, options);
  if (options.json) return writeJson(output, leases);
  if (leases.length === 0)
    return writeLine(output, isAll ? 'nobody has, or had, an address' : 'there is no such lease');
  writeLeases(output, leases);
}

async function show(address: string, options: ServerOptions): Promise<void> {
  const lease = await readLease(await apiOf(options), address);
  const output = standardOutput();
  if (options.json) writeJson(output, lease);
  else writeLease(output, lease);
}

async function pools(options: ServerOptions): Promise<void> {
  const found = await listPools(await apiOf(options));
  const output = standardOutput();
  if (options.json) writeJson(output, found);
  else writePools(output, found);
}

async function reserve(address: string, options: ReserveOptions): Promise<void> {
  const { name, dryRun } = options;
  const api = await apiOf(options);
  const body = name === undefined ? {} : { name };
  const output = standardOutput();
  const path = leasePath(address, dryRun ? '/reserve?dryRun=true' : '/reserve');
  const told = await askOurs<ToldReservation>(api, { path, body }, ({ name: has, boots }) =>
    [has, boots].some((one) => one !== undefined),
  );
  for (const warning of warningsIn(told.warnings)) warnOnStderr(inOneLine(warning));
  if (options.json) return writeJson(output, told);
  const { boots, more, lease, name: machine = '', alreadyReserved } = told;
  if (boots === undefined) {
    const already = alreadyReserved === true ? ' already' : '';
    return writeLine(output, inOneLine(`${address} is reserved for ${machine}${already}`));
  }
  if (lease !== undefined) writeLine(output, inOneLine(holderText(lease)));
  writePreview(output, { boots, ...(more !== undefined && { more }) });
}

/** A record, or what it would do; another version may tell less. */
type ToldReservation = Partial<Pick<ToldPreview, 'boots' | 'more'>> & {
  readonly name?: string;
  readonly warnings?: unknown;
  readonly alreadyReserved?: boolean;
  readonly lease?: ToldLease;
};

async function release(address: string, options: ReleaseOptions): Promise<void> {
  await releaseLease(await apiOf(options), address, options.force === true);
  const output = standardOutput();
  if (options.json) writeJson(output, { address, done: 'released' });
  else writeLine(output, inOneLine(`${address} is free`));
}
