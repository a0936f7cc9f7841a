import type { IpAddress } from '../net/ip.js';
import type { Lease } from './lease.js';
import type { LeaseSubnet } from './subnet.js';

/** What is to be done about a question. The book has noted it already; `save` is to be durable before anything is answered. */
export type LeaseDecision =
  /**
   * `isFresh`: this client has not had it, and it is not reserved: somebody else may use it without having been given it. So
   * may somebody of whom a copy does not know, while what is remembered is of that.
   */
  | { readonly kind: 'offer'; readonly address: IpAddress; readonly subnet: LeaseSubnet; readonly isFresh: boolean }
  | {
      readonly kind: 'ack';
      readonly subnet: LeaseSubnet;
      readonly lease: Lease;
      /** It, and those that it replaces. */
      readonly save: readonly Lease[];
      /** Whether the client had it until now. */
      readonly isExtended: boolean;
      /** Why it is not the one of its record, where that has another. */
      readonly instead?: string;
    }
  | { readonly kind: 'informed'; readonly subnet: LeaseSubnet }
  | { readonly kind: 'nak'; readonly reason: string }
  /** Nothing is answered: it was declined or released. */
  | { readonly kind: 'noted'; readonly save: readonly [Lease] }
  /** `whom`: nobody gets one any more, or no stranger. */
  | { readonly kind: 'exhausted'; readonly subnet: LeaseSubnet; readonly whom: 'all' | 'strangers' }
  | { readonly kind: 'silent'; readonly reason: string };

export type AdoptDecision =
  | { readonly kind: 'adopted'; readonly save: readonly Lease[] }
  /** Its client has it here already. `save`: where it was given for longer there. */
  | { readonly kind: 'present'; readonly save: readonly Lease[] }
  | { readonly kind: 'refused'; readonly reason: string };

export function nak(reason: string): LeaseDecision {
  return { kind: 'nak', reason };
}

export function silent(reason: string): LeaseDecision {
  return { kind: 'silent', reason };
}
