import { clientKey } from '../lease/client.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseBook } from '../lease/lease-book.js';
import type { LeaseClock } from '../lease/lease-clock.js';
import type { AdoptDecision } from '../lease/lease-decision.js';
import type { LeaseClients } from './lease-clients.js';
import type { Adopted, AskedLease, ForeignLease } from './leases.js';

export type ForeignLeaseParts = {
  readonly clock: Pick<LeaseClock, 'now' | 'fromEpoch'>;
  readonly clients: LeaseClients;
};

/** What another server has given, as if it were given here, by the records in force. */
export function leaseOf({ address, client, until }: ForeignLease, { clients, clock }: ForeignLeaseParts): Lease {
  const key = clientKey(client);
  const { machine } = clients.find(client).known;
  const whose = { ...(key !== undefined && { key }), client, ...(machine !== undefined && { machine }) };
  return { address, ...whose, state: 'bound', since: clock.now(), until: Math.floor(clock.fromEpoch(until)) };
}

/** What would become of it; nothing is taken over. */
export function judgedLease(lease: AskedLease, parts: ForeignLeaseParts & { readonly book: LeaseBook }): Adopted {
  const { book, clock } = parts;
  return adoptedBy(book.judge(leaseOf(lease, parts), clock.now(), lease.isReserved), lease);
}

/** As it is told. */
export function adoptedBy(decision: AdoptDecision, { address }: Pick<ForeignLease, 'address'>): Adopted {
  const { kind } = decision;
  return kind === 'refused' ? { kind, address, reason: decision.reason } : { kind, address };
}
