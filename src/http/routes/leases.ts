import { z } from 'zod';
import { type LeaseRegister, type ToldLease, untilText } from '../../booter/leases.js';
import { mapping, oneOf, parsed, text } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import { formatRange } from '../../lease/address-range.js';
import { SHOWN_STATES } from '../../lease/lease.js';
import { formatSubnet, type IpAddress, parseIp, parseSubnet } from '../../net/ip.js';
import { parseMac } from '../../net/mac.js';
import type { Api } from '../api.js';
import { timeOf } from '../told-step.js';
import { pageQuery } from './pages.js';

export type LeaseRouteParts = {
  /** Missing where this server gives no addresses. */
  readonly register: LeaseRegister | undefined;
};

const MOST = 1_000;

export const addressText = parsed(parseIp, 'is no IP address, such as 192.168.77.20');
export const macText = parsed(parseMac, 'is not a MAC address, such as 52:54:00:12:34:56');

const listQuery = mapping({
  ...pageQuery(MOST, addressText),
  subnet: parsed(parseSubnet, 'is no subnet, such as 192.168.77.0/24').optional().describe('only those in it'),
  state: oneOf(SHOWN_STATES).optional().describe('only those in this state'),
  mac: macText.optional().describe("only those of this card, which is a machine's or a stranger's"),
  machine: text(128).optional().describe('only those of the machine with this name'),
});

const time = z.iso.datetime();

const EXAMPLE: z.input<typeof leaseShape> = {
  address: '192.168.77.100',
  state: 'bound',
  mac: '52:54:00:12:34:56',
  hostname: 'node-07',
  since: '2027-01-31T12:00:00.000Z',
  until: '2027-01-31T13:00:00.000Z',
  reservedFor: 'node-07',
};

const leaseShape = z.object({
  address: z.string(),
  state: z
    .enum(SHOWN_STATES)
    .describe(
      'offered: not taken yet; bound: in use; expired, released: free, and kept for its machine as long as others are; declined: its client says that another uses it; conflict: somebody who has no lease answers there',
    ),
  mac: z.string().optional(),
  clientId: z.string().optional().describe('what option 61 said, in hex'),
  uuid: z.string().optional(),
  hostname: z.string().optional().describe('as its client calls itself'),
  machine: z.string().optional().describe('the name of its record; missing for a stranger'),
  since: time,
  until: time
    .optional()
    .describe(
      'until when it is its, or is kept from everybody; missing where it has no end: it stays until it is freed',
    ),
  reservedFor: z
    .string()
    .optional()
    .describe(
      'the machine whose record has this address: "machine", or another that is to have it; missing where none has',
    ),
});
export const leaseSchema = leaseShape.meta({ id: 'Lease', examples: [EXAMPLE] });

const count = z.int();
const pool = z
  .object({
    subnet: z.string(),
    ranges: z.array(z.string()).describe('of which strangers, and machines without an ip, are given addresses'),
    leaseSeconds: z.int(),
    size: count.describe('how many addresses the ranges have'),
    free: count,
    reserved: count.describe('kept for machines with that ip'),
    ...(Object.fromEntries(SHOWN_STATES.map((state) => [state, count])) as Record<
      (typeof SHOWN_STATES)[number],
      typeof count
    >),
  })
  .meta({ id: 'LeaseSubnet' });

export const leaseParams = z.strictObject({ address: addressText });

/** `/api/v1/leases`: who has which address; `/api/v1/subnets`: how many there are left. */
export function leaseRoutes(api: Api, parts: LeaseRouteParts): void {
  lookRoutes(api, parts);
  releaseRoute(api, parts);
}

function lookRoutes(api: Api, parts: LeaseRouteParts): void {
  api.route({
    method: 'GET',
    path: '/api/v1/leases',
    tag: 'leases',
    summary: 'List leases by their addresses, also those that are over and remembered',
    takes: { query: listQuery },
    answers: {
      200: {
        about: 'A page of them; "next" is there when there are more',
        body: z.object({ leases: z.array(leaseSchema), next: z.string().optional() }),
      },
    },
    errors: ['NO_LEASES'],
    handle: ({ query }) => {
      const { leases, hasMore } = registerOf(parts).list(query);
      const next = hasMore ? leases.at(-1)?.address : undefined;
      return { status: 200, body: { leases: leases.map(presentedLease), ...(next !== undefined && { next }) } };
    },
  });
  api.route({
    method: 'GET',
    path: '/api/v1/leases/{address}',
    tag: 'leases',
    summary:
      'Show who has an address, or had it last; whom one is reserved for that nobody has asked for is in the error',
    takes: { params: leaseParams },
    answers: { 200: { about: 'The lease', body: leaseSchema } },
    errors: ['NOT_FOUND', 'NO_LEASES'],
    handle: ({ params: { address } }) => ({ status: 200, body: presentedLease(leaseAt(registerOf(parts), address)) }),
  });
  api.route({
    method: 'GET',
    path: '/api/v1/subnets',
    tag: 'leases',
    summary: 'List the subnets in which addresses are given, with how many are left',
    answers: { 200: { about: 'As the configuration has them', body: z.object({ subnets: z.array(pool) }) } },
    errors: ['NO_LEASES'],
    handle: () => {
      const subnets = registerOf(parts)
        .pools()
        .map(({ subnet: { subnet, ranges, leaseSeconds }, counts }) => ({
          subnet: formatSubnet(subnet),
          ranges: ranges.map(formatRange),
          leaseSeconds,
          ...counts,
        }));
      return { status: 200, body: { subnets } };
    },
  });
}

/** Frees it for whoever asks next; what was kept from everybody, too. */
function releaseRoute(api: Api, parts: LeaseRouteParts): void {
  api.route({
    method: 'DELETE',
    path: '/api/v1/leases/{address}',
    tag: 'leases',
    summary: 'Forget who has, or had, an address, or that it was declined: it is free again',
    takes: {
      params: leaseParams,
      query: mapping({
        force: oneOf(['true', 'false'])
          .optional()
          .describe('"true": also while its machine may use it, which is not told that it has lost it'),
      }),
    },
    answers: { 204: { about: 'It is free' } },
    errors: ['NOT_FOUND', 'CONFLICT', 'NO_LEASES', 'DATA_UNUSABLE', 'DISK_FULL', 'RATE_LIMITED'],
    handle: async ({ params: { address }, query: { force } }) => {
      const leases = registerOf(parts);
      const found = leaseAt(leases, address);
      if (found.state === 'bound' && force !== 'true') throw inUse(found);
      await leases.release(address);
      return { status: 204 };
    },
  });
}

/** Throws NO_LEASES where this server gives no addresses. */
export function registerOf({ register }: LeaseRouteParts): LeaseRegister {
  if (register !== undefined) return register;
  throw new BootlayerError('NO_LEASES', 'this server gives no addresses, so that it has no leases', {
    remedy: 'set dhcp.mode to server, with dhcp.subnets, and start it anew',
  });
}

/** Throws NOT_FOUND where nobody has, or had, it; with whom it is reserved for. */
export function leaseAt(register: LeaseRegister, address: IpAddress): ToldLease {
  const found = register.at(address);
  if (found !== undefined) return found;
  const owner = register.reservedFor(address);
  if (owner !== undefined) {
    throw new BootlayerError('NOT_FOUND', `${address} is reserved for ${owner}, which has not asked for it yet`, {
      remedy: `"bootlayer machine show ${owner}", or GET /api/v1/machines/${encodeURIComponent(owner)}, shows its record`,
    });
  }
  throw new BootlayerError('NOT_FOUND', `nobody has, or had, ${address}`, {
    remedy: '"bootlayer lease ls", or GET /api/v1/leases, lists those there are',
  });
}

function inUse({ address, until, machine, client }: ToldLease): BootlayerError {
  const whose = machine ?? client.mac ?? client.clientId ?? client.uuid ?? 'its machine';
  return new BootlayerError('CONFLICT', `${address} is in use by ${whose} ${untilText(until)}`, {
    remedy: 'where that machine is gone, say force=true (--force): who is given it next would have it together with it',
  });
}

export function presentedLease({ client, since, until, ...told }: ToldLease): z.input<typeof leaseSchema> {
  return { ...told, ...client, since: timeOf(since), ...(until !== undefined && { until: timeOf(until) }) };
}
