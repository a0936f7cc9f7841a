import type { Lease } from '../lease/lease.js';
import type { LeaseBook } from '../lease/lease-book.js';
import type { LeaseClock } from '../lease/lease-clock.js';
import type { ShownLease } from '../lease/lease-view.js';
import type { LeaseSubnet } from '../lease/subnet.js';
import type { IpAddress } from '../net/ip.js';
import { adoptedBy, judgedLease, leaseOf } from './foreign-lease.js';
import type { LeaseClients } from './lease-clients.js';
import type { LeaseTelling } from './lease-telling.js';
import type { LeaseWriter } from './lease-writer.js';
import {
  type Adopted,
  type AskedLease,
  type ForeignLease,
  isEndless,
  type LeasePage,
  type LeaseWish,
  type LeaseRegister as Register,
  type ToldLease,
  type ToldPool,
} from './leases.js';
import { boundsOf, keysOf, pageOf } from './listed-leases.js';
import type { Mapping } from './mapping.js';

export type LeaseRegisterParts = {
  readonly subnets: readonly LeaseSubnet[];
  /** The one in force. */
  readonly mapping: () => Pick<Mapping, 'inventory'>;
  readonly clock: Pick<LeaseClock, 'now' | 'toEpoch' | 'fromEpoch'>;
  readonly clients: LeaseClients;
  readonly book: LeaseBook;
  readonly writer: LeaseWriter;
  readonly telling: LeaseTelling;
};

/** Taken over in one write. */
const ADOPTED_AT_ONCE = 500;

/** Who has which address, for operators: they look, free addresses, and bring those that another server has given. */
export class LeaseRegister implements Register {
  readonly #parts: LeaseRegisterParts;

  constructor(parts: LeaseRegisterParts) {
    this.#parts = parts;
  }

  get subnets(): readonly LeaseSubnet[] {
    return this.#parts.subnets;
  }

  list(wish: LeaseWish): LeasePage {
    const { book, clients, clock, mapping } = this.#parts;
    const record = wish.machine === undefined ? undefined : mapping().inventory.named(wish.machine);
    const all = book.list(clock.now(), { bounds: boundsOf(wish), keys: keysOf(wish, record) });
    const { page, hasMore } = pageOf(all, wish, (client) => clients.find(client).known.machine);
    return { leases: page.map((lease) => this.#told(lease)), hasMore };
  }

  at(address: IpAddress): ToldLease | undefined {
    const { book, clock } = this.#parts;
    const lease = book.at(address, clock.now());
    return lease && this.#told(lease);
  }

  reservedFor(address: IpAddress): string | undefined {
    return this.#parts.clients.reservations().machineAt(address);
  }

  pools(): readonly ToldPool[] {
    const { book, clock, subnets } = this.#parts;
    const counts = book.counts(clock.now());
    return subnets.flatMap((subnet, place) => {
      const its = counts[place];
      return its === undefined ? [] : [{ subnet, counts: its }];
    });
  }

  async release(address: IpAddress): Promise<void> {
    const { book, clients, clock, writer, telling } = this.#parts;
    const before = book.at(address, clock.now());
    book.forget(address, clock.now());
    await writer.remove([address]);
    if (before !== undefined) telling.freed(before, clients.find(before.client));
  }

  async adopt(leases: readonly ForeignLease[]): Promise<readonly Adopted[]> {
    const adopted: Adopted[] = [];
    for (let from = 0; from < leases.length; from += ADOPTED_AT_ONCE) {
      const some = leases.slice(from, from + ADOPTED_AT_ONCE).map((lease) => this.#adopt(lease));
      await this.#parts.writer.save(some.flatMap(({ save }) => save));
      adopted.push(...some.map(({ outcome }) => outcome));
    }
    return adopted;
  }

  judge(leases: readonly AskedLease[]): readonly Adopted[] {
    return leases.map((lease) => judgedLease(lease, this.#parts));
  }

  #adopt(foreign: ForeignLease): { readonly outcome: Adopted; readonly save: readonly Lease[] } {
    const { book, clock } = this.#parts;
    const decision = book.adopt(leaseOf(foreign, this.#parts), clock.now());
    return { outcome: adoptedBy(decision, foreign), save: decision.kind === 'refused' ? [] : decision.save };
  }

  /** By the records in force: they may have changed since it was given. */
  #told({ address, state, client, since, until }: ShownLease): ToldLease {
    const { clients, clock } = this.#parts;
    const { machine } = clients.find(client).known;
    const reservedFor = this.reservedFor(address);
    const end = clock.toEpoch(until);
    return {
      ...{ address, state, client, ...(machine !== undefined && { machine }) },
      ...{ since: clock.toEpoch(since), ...(!isEndless(end) && { until: end }) },
      ...(reservedFor !== undefined && { reservedFor }),
    };
  }
}
