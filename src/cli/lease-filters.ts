import { BootlayerError } from '../errors.js';
import { fewOf } from '../format.js';
import { parseSubnet, type Subnet, subnetHolds } from '../net/ip.js';
import type { ServerApi } from './api-server.js';
import { askOurs } from './ask-ours.js';
import { readEntryIfThere } from './entry-api.js';
import { listPools } from './lease-api.js';

const MOST_NAMED = 8;

type Wanted = { readonly machine?: string; readonly subnet?: string };

/**
 * Where no lease is as somebody wants it: whether there could be one. Throws NOT_FOUND of a machine without a record, and of a
 * subnet in which no addresses are given; and what the server tells.
 */
export async function requireWanted(api: ServerApi, { machine, subnet }: Wanted): Promise<void> {
  if (machine !== undefined) await requireMachine(api, machine);
  if (subnet !== undefined) await requireSubnet(api, subnet);
}

async function requireMachine(api: ServerApi, name: string): Promise<void> {
  if ((await readEntryIfThere(api, 'machine', name)) !== undefined) return;
  // There may be many.
  const { machines: known } = await askOurs<{ readonly machines: readonly { readonly name: string }[] }>(
    api,
    { path: `/api/v1/machines?limit=${MOST_NAMED + 1}` },
    (told) => Array.isArray(told.machines),
  );
  throw new BootlayerError('NOT_FOUND', `there is no machine "${name}"`, {
    remedy: thereAre(
      'machines',
      known.map((one) => one.name),
      '"bootlayer machine ls" lists them; --mac finds the leases of a stranger',
    ),
  });
}

/** A part of one does, and one of which those are parts. */
async function requireSubnet(api: ServerApi, wanted: string): Promise<void> {
  const subnet = parseSubnet(wanted);
  const known = (await listPools(api)).map((pool) => pool.subnet);
  // What the server has taken as a subnet is one.
  if (subnet === undefined || known.some((one) => overlaps(parseSubnet(one), subnet))) return;
  throw new BootlayerError('NOT_FOUND', `no addresses are given in ${wanted}`, {
    remedy: thereAre('subnets', known, '"bootlayer lease pools" lists them'),
  });
}

function overlaps(one: Subnet | undefined, other: Subnet): boolean {
  return one !== undefined && (subnetHolds(one, other.address) || subnetHolds(other, one.address));
}

function thereAre(what: string, names: readonly string[], orElse: string): string {
  if (names.length === 0) return `there are no ${what}`;
  return names.length <= MOST_NAMED ? `the ${what} there are: ${fewOf(names, MOST_NAMED)}` : orElse;
}
