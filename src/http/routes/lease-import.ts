import { z } from 'zod';
import { type Adopted, type AskedLease, ENDLESS } from '../../booter/leases.js';
import { mapping, text } from '../../config/values.js';
import { MOST_CLIENT_ID_BYTES } from '../../lease/client.js';
import type { ImportedLease } from '../../lease/import/imported.js';
import type { Api } from '../api.js';
import { timeOf } from '../told-step.js';
import { changing } from './entries.js';
import { addressText, type LeaseRouteParts, macText, registerOf } from './leases.js';

/** So many in a request, of which there may be several. */
const MOST_IMPORTED = 1_000;

/** What is later cannot be written with a year of four digits. */
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

const foreign = mapping({
  address: addressText,
  mac: macText.optional(),
  clientId: text(3 * MOST_CLIENT_ID_BYTES)
    .regex(/^([0-9a-fA-F]{2}:?)+$/, 'must be bytes in hex, such as 01:52:54:00:12:34:56')
    .transform((written) => written.replaceAll(':', '').toLowerCase())
    .refine((hex) => hex.length <= 2 * MOST_CLIENT_ID_BYTES, `must not be longer than ${MOST_CLIENT_ID_BYTES} bytes`)
    .optional(),
  hostname: text(253)
    .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
    .optional(),
  until: z.iso
    .datetime({ offset: true, error: 'is no time with its zone, such as 2027-01-31T02:00:00Z' })
    .transform((written) => Date.parse(written))
    .refine((until) => until >= 0 && until <= LAST_TIME, 'must be within the years from 1970 to 9999, in UTC')
    .optional()
    .describe('when it ends; missing, or in the year 9999: never'),
  isReserved: z
    .boolean('must be true or false')
    .optional()
    .describe('with "dryRun": as if the record of its machine had the address already'),
}).refine(({ mac, clientId }) => mac !== undefined || clientId !== undefined, 'must have a mac or a clientId');

/** A lease of another server as it is sent here. */
export type ForeignLeaseBody = z.input<typeof foreign>;

const body = mapping({
  leases: z
    .array(foreign, 'must be a list')
    .min(1, 'is empty')
    .max(MOST_IMPORTED, `are more than ${MOST_IMPORTED}: send them in several requests`),
}).meta({
  id: 'LeaseImport',
  examples: [{ leases: [{ address: '192.168.77.100', mac: '52:54:00:12:34:56', until: '2027-01-31T13:00:00Z' }] }],
});

const outcome = z.object({
  address: z.string(),
  adopted: z.boolean().describe('whether its client has it here'),
  present: z.literal(true).optional().describe('it had it here already'),
  reason: z.string().optional().describe('why it has not'),
});

/** What became of it, or would. */
export type LeaseOutcome = z.output<typeof outcome>;

const imported = z.object({ results: z.array(outcome) }).meta({ id: 'LeasesImported' });

/** `POST /api/v1/leases/import`: what another server has given is given here from now on. */
export function leaseImportRoute(api: Api, parts: LeaseRouteParts): void {
  api.route({
    method: 'POST',
    path: '/api/v1/leases/import',
    tag: 'leases',
    summary: 'Take over what another DHCP server has given',
    takes: { query: changing, body },
    answers: {
      200: { about: 'What became of each, in their order; or what would, of each by itself', body: imported },
    },
    errors: ['NO_LEASES', 'DATA_UNUSABLE', 'DISK_FULL', 'RATE_LIMITED'],
    handle: async ({ query, body: { leases } }) => {
      const register = registerOf(parts);
      const asked = leases.map(askedLease);
      const done = query.dryRun === 'true' ? register.judge(asked) : await register.adopt(asked);
      const results = done.map(toldOutcome);
      return { status: 200, body: { results } };
    },
  });
}

/** Pure. */
export function toldOutcome(one: Adopted): LeaseOutcome {
  const { address, kind } = one;
  return {
    ...{ address, adopted: kind !== 'refused' },
    ...(kind === 'present' && { present: true }),
    ...(kind === 'refused' && { reason: one.reason }),
  };
}

function askedLease({ address, until = ENDLESS, isReserved = false, ...said }: z.output<typeof foreign>): AskedLease {
  const { mac, clientId, hostname } = said;
  const client = {
    ...(mac !== undefined && { mac }),
    ...(clientId !== undefined && { clientId }),
    ...(hostname !== undefined && { hostname }),
  };
  return { address, client, until, isReserved };
}

/** As it is sent. */
export function foreignLeaseBody({ address, client, until }: Omit<ImportedLease, 'line'>): ForeignLeaseBody {
  const { mac, clientId, hostname } = client;
  return {
    address,
    ...(mac !== undefined && { mac }),
    ...(clientId !== undefined && { clientId }),
    ...(hostname !== undefined && { hostname }),
    ...(until !== undefined && { until: timeOf(until) }),
  };
}
