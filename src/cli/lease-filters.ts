import { BootlayerError } from '../errors.js';
import { fewOf } from '../format.js';
import { parseSubnet, subnetsMeet } from '../net/ip.js';
import type { ServerApi } from './api-server.js';
import { askOurs } from './ask-ours.js';
import { readEntryIfThere } from './entry-api.js';
import { listPools } from './lease-api.js';

const MOST_NAMED = 8;

type Wanted = { readonly machine?: string; readonly subnet?: string };

/**
 * Where no lease is as somebody wants it: the address that the record of the machine has, if any. Throws NOT_FOUND of a machine
 * without a record, and of a subnet in which no addresses are given: there could be none; and what the server tells.
 */
export async function requireWanted(api: ServerApi, { machine, subnet }: Wanted): Promise<string | undefined> {
  const ip = machine === undefined ? undefined : await ipOf(api, machine);
  if (subnet !== undefined) await requireSubnet(api, subnet);
  return ip;
}

async function ipOf(api: ServerApi, name: string): Promise<string | undefined> {
  const entry = await readEntryIfThere(api, 'machine', name);
  if (entry !== undefined) return typeof entry['ip'] === 'string' ? entry['ip'] : undefined;
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
  const given = known.flatMap((one) => parseSubnet(one) ?? []);
  // What the server has taken as a subnet is one.
  if (subnet === undefined || given.some((one) => subnetsMeet(one, subnet))) return;
  throw new BootlayerError('NOT_FOUND', `no addresses are given in ${wanted}`, {
    remedy: thereAre('subnets', known, '"bootlayer lease pools" lists them'),
  });
}

function thereAre(what: string, names: readonly string[], orElse: string): string {
  if (names.length === 0) return `there are no ${what}`;
  return names.length <= MOST_NAMED ? `the ${what} there are: ${fewOf(names, MOST_NAMED)}` : orElse;
}
