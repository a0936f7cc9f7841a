import type { LeaseState, ShownState } from './lease.js';

const LEASE_EVENTS: Readonly<Record<LeaseEvent['event'], true>> = {
  'lease.given': true,
  'lease.elsewhere': true,
  'lease.none': true,
  'lease.refused': true,
  'lease.released': true,
  'lease.freed': true,
  'lease.declined': true,
  'lease.conflict': true,
  'lease.unsaved': true,
  'pool.exhausted': true,
  'pool.regained': true,
  'dhcp.other': true,
};

export function isLeaseEvent<E extends { readonly event: string }>(event: E): event is Extract<E, LeaseEvent> {
  return Object.hasOwn(LEASE_EVENTS, event.event);
}

/**
 * What happens to addresses. Field names are the log's field names. `machine`: its name, else its card, identifier or UUID;
 * `subnet`: `192.168.77.0/24`.
 */
export type LeaseEvent =
  /** Told once it is durable; `isExtended`: it has had it until now. */
  | {
      readonly event: 'lease.given';
      readonly machine: string;
      readonly address: string;
      readonly mac?: string;
      readonly seconds: number;
      readonly isExtended: boolean;
    }
  /** It was given another address than its record has. */
  | {
      readonly event: 'lease.elsewhere';
      readonly machine: string;
      readonly address: string;
      readonly mac?: string;
      readonly reserved: string;
      readonly reason: string;
    }
  /** It asked for an address, and there is none for it. `relay`: that it came over. */
  | {
      readonly event: 'lease.none';
      readonly machine: string;
      readonly mac?: string;
      readonly relay?: string;
      readonly reason: string;
    }
  /** A NAK. */
  | {
      readonly event: 'lease.refused';
      readonly machine: string;
      readonly address: string;
      readonly mac?: string;
      readonly reason: string;
    }
  | { readonly event: 'lease.released'; readonly machine: string; readonly address: string; readonly mac?: string }
  /** An operator freed it, by the API. `machine`: who had it; missing where it was kept from everybody; `state`: until then. */
  | {
      readonly event: 'lease.freed';
      readonly machine?: string;
      readonly address: string;
      readonly mac?: string;
      readonly state: ShownState;
    }
  /** Its client says that another uses it; it is kept from everybody for a while. */
  | {
      readonly event: 'lease.declined';
      readonly machine: string;
      readonly address: string;
      readonly mac?: string;
      readonly seconds: number;
    }
  /** Somebody who has no lease answers there; the same. `mac`: whose card that is, where the neighbour table tells. */
  | { readonly event: 'lease.conflict'; readonly address: string; readonly mac?: string; readonly seconds: number }
  /**
   * That it has the address (`bound`) could not be kept, and it is not given: the machine asks again. Or what its client says of
   * the address could not, which is forgotten when the server ends.
   */
  | {
      readonly event: 'lease.unsaved';
      readonly machine: string;
      readonly address: string;
      readonly mac?: string;
      readonly state: LeaseState;
      readonly reason: string;
    }
  /** Nobody is given an address, or no stranger, since so many are kept for known machines; told once until there is one again. */
  | {
      readonly event: 'pool.exhausted';
      readonly subnet: string;
      readonly size: number;
      readonly whom: 'all' | 'strangers';
    }
  | { readonly event: 'pool.regained'; readonly subnet: string }
  /** Another server gives addresses where we do; `by`: how it shows; `mac`: of its card, where the neighbour table tells. */
  | {
      readonly event: 'dhcp.other';
      readonly server: string;
      readonly mac?: string;
      readonly interface: string;
      readonly by: string;
    };
