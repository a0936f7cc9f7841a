import type { IpAddress } from '../net/ip.js';
import type { KnownClient } from './client.js';
import type { Lease, ShownState } from './lease.js';
import type { LeaseQuestion } from './question.js';
import type { Reservations } from './reservations.js';
import type { LeaseSubnet, Link } from './subnet.js';

export type LeaseBookParts = {
  readonly subnets: readonly LeaseSubnet[];
  /** RFC 2131 leaves what is not known to other servers, unless there is none. */
  readonly isAuthoritative: boolean;
  /** Of the records in force. */
  readonly reservations: () => Reservations;
};

/** A question of somebody whose record was looked up. */
export type KnownAsk = LeaseQuestion & { readonly client: KnownClient; readonly link: Link };

/** What is to be done about a question. The book has noted it already; `save` is to be durable before anything is answered. */
export type LeaseDecision =
  /** `isFresh`: this client has not had it, and it is not reserved: somebody else may use it without having been given it. */
  | { readonly kind: 'offer'; readonly address: IpAddress; readonly subnet: LeaseSubnet; readonly isFresh: boolean }
  | {
      readonly kind: 'ack';
      readonly subnet: LeaseSubnet;
      readonly lease: Lease;
      /** It, and those that it replaces. */
      readonly save: readonly Lease[];
      /** Whether the client had it until now. */
      readonly isExtended: boolean;
    }
  | { readonly kind: 'informed'; readonly subnet: LeaseSubnet }
  | { readonly kind: 'nak'; readonly reason: string }
  /** Nothing is answered: it was declined or released. */
  | { readonly kind: 'noted'; readonly save: readonly [Lease] }
  /** `whom`: nobody gets one any more, or no stranger. */
  | { readonly kind: 'exhausted'; readonly subnet: LeaseSubnet; readonly whom: 'all' | 'strangers' }
  | { readonly kind: 'silent'; readonly reason: string };

/** For people and gauges: how many addresses a subnet's ranges have, and what became of them. */
export type PoolCounts = { readonly size: number } & Readonly<Record<ShownState | 'free' | 'reserved', number>>;

export type ShownLease = Omit<Lease, 'state'> & { readonly state: ShownState };

export type AdoptDecision =
  | { readonly kind: 'adopted'; readonly save: readonly Lease[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** Who has which address. Decides, and notes what it has decided; no I/O. `now`: of the lease clock. */
export class LeaseBook {
  constructor(_parts: LeaseBookParts) {
    throw new Error('to come');
  }

  /** Answers those of no subnet, which are left out. */
  restore(_leases: readonly Lease[], _now: number): readonly Lease[] {
    throw new Error('to come');
  }

  decide(_ask: KnownAsk, _now: number): LeaseDecision {
    throw new Error('to come');
  }

  /** Somebody answers at an address that was to be offered: what is to be saved; undefined where it has a lease by now. */
  conflict(_address: IpAddress, _now: number): Lease | undefined {
    throw new Error('to come');
  }

  /** It is free again, and nobody's; answers whether it was anybody's. */
  forget(_address: IpAddress): boolean {
    throw new Error('to come');
  }

  /** Takes over what another server has given. */
  adopt(_lease: Lease, _now: number): AdoptDecision {
    throw new Error('to come');
  }

  /** As of now, where there is one; offered ones too. */
  at(_address: IpAddress, _now: number): ShownLease | undefined {
    throw new Error('to come');
  }

  /** In the order of addresses; offered ones too. */
  list(_now: number): readonly ShownLease[] {
    throw new Error('to come');
  }

  counts(_subnet: LeaseSubnet, _now: number): PoolCounts {
    throw new Error('to come');
  }
}
