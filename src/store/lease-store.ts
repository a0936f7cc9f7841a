import { type Kysely, sql } from 'kysely';
import { LEASE_STATES, type Lease } from '../lease/lease.js';
import type { KeptClock, LeaseStore } from '../lease/ports.js';
import { type IpAddress, parseIp } from '../net/ip.js';
import { setMeta } from './disk-state-mark.js';
import type { Schema } from './schema.js';
import type { WriteBatches } from './write-batches.js';

/** Read at once at the start: what others ask of the state waits for no more than that. */
const PAGE = 10_000;
/** What there is to know of the lease clock, among what there is to know of the state. */
const CLOCK = 'lease_clock';

/** Who has which address, in SQL. */
export class SqlLeaseStore implements LeaseStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;

  constructor(database: Kysely<Schema>, writes: WriteBatches) {
    this.#database = database;
    this.#writes = writes;
  }

  async loadLeases(): ReturnType<LeaseStore['loadLeases']> {
    const leases: Lease[] = [];
    const damaged: IpAddress[] = [];
    for (let last = ''; ; ) {
      const page = this.#database.selectFrom('leases').select(['address', 'lease']).where('address', '>', last);
      const rows = await page.orderBy('address').limit(PAGE).execute();
      for (const { address, lease: text } of rows) {
        last = address;
        const lease = readLease(text, address);
        const ip = parseIp(address);
        if (lease !== undefined) leases.push(lease);
        else if (ip !== undefined) damaged.push(ip);
      }
      if (rows.length < PAGE) return { leases, damaged };
    }
  }

  /** One statement for all of them, whose text is always the same: what takes this thread long is to make and to send many. */
  saveLeases(leases: readonly Lease[]): Promise<void> {
    const all = JSON.stringify(leases);
    return this.#writes.add(async (transaction) => {
      await sql`insert into leases (address, until, lease)
        select json_extract(value, '$.address'), json_extract(value, '$.until'), value from json_each(${all}) where true
        on conflict (address) do update set until = excluded.until, lease = excluded.lease`.execute(transaction);
    });
  }

  removeLeases(addresses: readonly IpAddress[]): Promise<void> {
    const all = JSON.stringify(addresses);
    return this.#writes.add(async (transaction) => {
      await sql`delete from leases where address in (select value from json_each(${all}))`.execute(transaction);
    });
  }

  async loadLeaseClock(): Promise<KeptClock | undefined> {
    const row = await this.#database.selectFrom('meta').select('value').where('key', '=', CLOCK).executeTakeFirst();
    return row && readClock(row.value);
  }

  saveLeaseClock(kept: KeptClock): Promise<void> {
    return this.#writes.add((transaction) => setMeta(transaction, CLOCK, JSON.stringify(kept)));
  }
}

/** What somebody has changed is told as damaged: it may have been somebody's address. */
function readLease(text: string, address: string): Lease | undefined {
  try {
    const lease = JSON.parse(text) as Partial<Record<keyof Lease, unknown>>;
    const { key, client, state, since, until } = lease;
    const isWhole =
      lease.address === address &&
      (typeof key === 'string' || (key === undefined && state !== 'bound')) &&
      typeof client === 'object' &&
      client !== null &&
      LEASE_STATES.some((known) => known === state) &&
      Number.isFinite(since) &&
      Number.isFinite(until);
    return isWhole ? (lease as Lease) : undefined;
  } catch {
    return undefined;
  }
}

function readClock(text: string): KeptClock | undefined {
  try {
    const kept = JSON.parse(text) as Partial<KeptClock>;
    const { boot, offset, at, ahead } = kept;
    const isWhole = typeof boot === 'string' && [offset, at, ahead].every((number) => Number.isFinite(number));
    return isWhole ? (kept as KeptClock) : undefined;
  } catch {
    return undefined;
  }
}
