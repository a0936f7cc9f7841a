import { z } from 'zod';
import { type EntryDocument, type EntryWish, formatSource, type ShownEntry, unknownEntry } from '../../boot/entry.js';
import { type ToldLease, untilText } from '../../booter/leases.js';
import { machineSchema } from '../../config/mapping-schema.js';
import { mapping } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { IpAddress } from '../../net/ip.js';
import type { Api } from '../api.js';
import {
  answerTo,
  CHANGE_ERRORS,
  changing,
  ENTRY,
  type EntryRouteParts,
  ETAG,
  etagOf,
  presented,
  previewSchema,
} from './entries.js';
import { type LeaseRouteParts, leaseParams, leaseSchema, presentedLease, registerOf } from './leases.js';

export type ReserveRouteParts = EntryRouteParts & LeaseRouteParts;

const body = mapping({ name: machineSchema.shape.name.optional() })
  .optional()
  .meta({ id: 'Reservation', examples: [{ name: 'node-07' }] });

/** `POST /api/v1/leases/{address}/reserve`: from now on the machine that has an address is given that one. */
export function reserveRoute(api: Api, parts: ReserveRouteParts): void {
  const entry = ENTRY.machine.answer;
  const kept = entry.extend({
    alreadyReserved: z.literal(true).optional().describe('its record had the address before: nothing has changed'),
  });
  const preview = previewSchema.extend({ lease: leaseSchema.describe('who has, or had, the address') });
  api.route({
    method: 'POST',
    path: '/api/v1/leases/{address}/reserve',
    tag: 'leases',
    summary: 'Make an address that of the machine which has it, in the API: in its record, or in a new one',
    takes: { params: leaseParams, query: changing, body },
    answers: {
      200: {
        about: 'Its record has the address, or had it already; or what that would do',
        body: z.union([kept, preview]),
        headers: ETAG,
      },
      201: { about: 'It has got a record', body: entry, headers: ETAG },
    },
    errors: [...CHANGE_ERRORS, 'NO_LEASES'],
    handle: async ({ params: { address }, query, body: given }) => {
      const asked = reservationOf({ address, given: given?.name }, parts);
      if (asked.kind === 'kept') {
        const body = { ...presented(asked.entry, parts), alreadyReserved: true as const };
        return { status: 200, body, headers: etagOf(asked.entry) };
      }
      const { lease, wish } = asked;
      if (query.dryRun === 'true') {
        const preview = await parts.entries.preview(wish).catch(withRemedy(lease));
        return { status: 200, body: { ...preview, lease: presentedLease(lease) } };
      }
      return await answerTo(await parts.entries.change(wish).catch(withRemedy(lease)), parts);
    },
  });
}

type Reservation =
  /** Its record has it already: nothing changes. */
  | { readonly kind: 'kept'; readonly entry: ShownEntry }
  | { readonly kind: 'wish'; readonly lease: ToldLease; readonly wish: EntryWish };

type Asked = { readonly address: IpAddress; readonly given: string | undefined };

/** Throws NOT_FOUND where nobody has, or had, the address, CONFLICT and READ_ONLY_ENTRY. */
function reservationOf({ address, given }: Asked, parts: ReserveRouteParts): Reservation {
  const register = registerOf(parts);
  const lease = register.at(address);
  const known = lease === undefined ? register.reservedFor(address) : lease.machine;
  const entry = known === undefined ? undefined : parts.entries.find('machine', known);
  if (entry !== undefined && (lease === undefined || entry.document['ip'] === address)) {
    if (given === undefined || given === entry.name) return { kind: 'kept', entry };
    throw new BootlayerError('CONFLICT', `${address} is reserved for ${entry.name} already`, {
      remedy: 'leave the name out, or take the address out of that record first',
    });
  }
  if (lease !== undefined) return { kind: 'wish', lease, wish: wishFor({ lease, given }, parts) };
  throw new BootlayerError('NOT_FOUND', `nobody has, or had, ${address}, so that it cannot be made anybody's`, {
    remedy: `say whose it is: "bootlayer machine set ${given ?? 'NAME'} --mac MAC --ip ${address}"`,
  });
}

type Wanted = { readonly lease: ToldLease; readonly given: string | undefined };

/** Throws CONFLICT and READ_ONLY_ENTRY. */
function wishFor({ lease, given }: Wanted, { entries }: Pick<ReserveRouteParts, 'entries'>): EntryWish {
  requireClient(lease);
  const { address, machine: known } = lease;
  if (known === undefined) {
    const name = given ?? nameFor(lease);
    const taken = entries.find('machine', name);
    if (taken !== undefined) throw nameTaken(taken);
    return {
      kind: 'machine',
      name,
      edit: (current) => (current === undefined ? recordOf(name, lease) : refuse(current)),
    };
  }
  if (given !== undefined && given !== known) {
    throw new BootlayerError('CONFLICT', `the machine that has ${address} is known as ${known}`, {
      remedy: 'leave the name out: its record gets the address',
    });
  }
  const { source } = entries.find('machine', known) ?? {};
  if (source?.kind === 'file') {
    throw new BootlayerError('READ_ONLY_ENTRY', `the machine ${known} is written in ${formatSource(source)}`, {
      remedy: `write "ip: ${address}" there: the server reads its files anew by itself`,
    });
  }
  return { kind: 'machine', name: known, edit: (current) => withAddress(current, known, address) };
}

function withAddress(current: ShownEntry | undefined, name: string, ip: string): EntryDocument {
  if (current === undefined) throw unknownEntry('machine', name);
  return { ...current.document, ip };
}

/** By what it was known when it got the address. */
function recordOf(name: string, { address, client: { mac, uuid } }: ToldLease): EntryDocument {
  return { name, ...(mac === undefined ? { uuid } : { mac: [mac] }), ip: address };
}

/** As it calls itself, where that is a name; else its card. */
function nameFor({ client: { hostname = '', mac, uuid } }: ToldLease): string {
  const [name] = /^[A-Za-z0-9][\w.-]{0,127}$/.exec(hostname) ?? [mac ?? uuid ?? ''];
  return name;
}

function requireClient({ address, state, until, client: { mac, uuid } }: ToldLease): void {
  if (state === 'declined' || state === 'conflict') {
    throw new BootlayerError('CONFLICT', `${address} is kept from everybody ${untilText(until)}: it is in use`, {
      remedy: `find who uses it; "bootlayer lease release ${address}" frees it`,
    });
  }
  if (mac !== undefined || uuid !== undefined) return;
  throw new BootlayerError(
    'CONFLICT',
    `who has ${address} said neither a MAC nor a UUID, by which machines are known`,
    {
      remedy: 'write a machine of its serial number, say, and its address by hand',
    },
  );
}

function refuse(current: ShownEntry): never {
  throw nameTaken(current);
}

function nameTaken({ name, source }: ShownEntry): BootlayerError {
  const where = formatSource(source);
  return new BootlayerError('CONFLICT', `the name ${name} is that of another machine, of ${where}`, {
    remedy: 'give it another one by "name" (--name)',
  });
}

/** What may be done where another entry stands in the way. */
function withRemedy({ address }: ToldLease): (thrown: unknown) => never {
  return (thrown) => {
    const error = BootlayerError.from(thrown);
    if (error.code !== 'CONFLICT' || error.remedy !== undefined) throw thrown;
    const { code, message, details, cause } = error;
    const remedy = `"bootlayer machine ls --search ${address}" shows who has the address`;
    throw new BootlayerError(code, message, { remedy, details, cause });
  };
}
