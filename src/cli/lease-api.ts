import type { ForeignLeaseBody, LeaseOutcome } from '../http/routes/lease-import.js';
import { type ServerApi, unreachable } from './api-server.js';
import { askOurs } from './ask-ours.js';

/** What the API tells of leases. Another version may tell less, or more. */

export type ToldLease = {
  readonly address: string;
  readonly state: string;
  readonly since: string;
  /** Missing where it has no end. */
  readonly until?: string;
  readonly reservedFor?: string;
  readonly mac?: string;
  readonly clientId?: string;
  readonly uuid?: string;
  readonly hostname?: string;
  readonly machine?: string;
};

export type ToldPool = {
  readonly subnet: string;
  readonly ranges: readonly string[];
  readonly leaseSeconds: number;
} & Readonly<Record<'size' | 'free' | 'reserved' | 'offered' | 'bound' | 'expired' | 'declined' | 'conflict', number>>;

const PAGE = '1000';

/** All that the query means, page by page. Throws SERVER_UNREACHABLE, and what the server tells, as the others do. */
export async function listLeases(api: ServerApi, query: URLSearchParams): Promise<readonly ToldLease[]> {
  const found: ToldLease[] = [];
  query.set('limit', PAGE);
  for (let next: string | undefined = ''; next !== undefined; ) {
    if (next !== '') query.set('after', next);
    const page: Page = await askOurs<Page>(api, { path: `/api/v1/leases?${query}` }, (told) =>
      Array.isArray(told.leases),
    );
    found.push(...page.leases);
    next = typeof page.next === 'string' && page.next !== next ? page.next : undefined;
  }
  return found;
}

type Page = { readonly leases: readonly ToldLease[]; readonly next?: string };

export function readLease(api: ServerApi, address: string): Promise<ToldLease> {
  return askOurs<ToldLease>(api, { path: leasePath(address) }, ({ state, since }) =>
    [state, since].every((text) => typeof text === 'string'),
  );
}

export async function listPools(api: ServerApi): Promise<readonly ToldPool[]> {
  const { subnets } = await askOurs<{ readonly subnets: readonly ToldPool[] }>(
    api,
    { path: '/api/v1/subnets' },
    (told) => Array.isArray(told.subnets) && told.subnets.every(({ ranges }) => Array.isArray(ranges)),
  );
  return subnets;
}

/** `in use` is refused, unless it is forced. */
export async function releaseLease(api: ServerApi, address: string, force: boolean): Promise<void> {
  const path = `${leasePath(address)}${force ? '?force=true' : ''}`;
  await askOurs<object>(api, { path, method: 'DELETE' }, () => true);
}

/** `path`: what is to be done with it, if anything. */
export function leasePath(address: string, path = ''): string {
  return `/api/v1/leases/${encodeURIComponent(address)}${path}`;
}

/** So many in a request: with long host names, they are no longer than it may be. */
const AT_ONCE = 500;

/** In several requests where there are many. `isDry`: what would become of each. Throws the same. */
export async function importLeases(
  api: ServerApi,
  leases: readonly ForeignLeaseBody[],
  isDry = false,
): Promise<readonly LeaseOutcome[]> {
  const done: LeaseOutcome[] = [];
  for (let at = 0; at < leases.length; at += AT_ONCE) {
    const part = leases.slice(at, at + AT_ONCE);
    const { results } = await askOurs<{ readonly results: readonly LeaseOutcome[] }>(
      api,
      { path: `/api/v1/leases/import${isDry ? '?dryRun=true' : ''}`, body: { leases: part } },
      (told) => Array.isArray(told.results),
    );
    if (results.length !== part.length) throw unreachable(api);
    done.push(...results);
  }
  return done;
}
