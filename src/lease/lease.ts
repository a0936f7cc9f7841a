import type { IpAddress } from '../net/ip.js';
import type { ClientKey, LeaseClient } from './client.js';
import type { Via } from './question.js';

/**
 * Who has, or had, an address. Kept as it is until the address goes to another: whoever comes again gets the same.
 * Times are milliseconds of the lease clock, which no change of the time of day moves.
 */
export type Lease = {
  readonly address: IpAddress;
  /** Whose it is; missing where it is kept from everybody. */
  readonly key?: ClientKey;
  readonly client: LeaseClient;
  /** The name of its record, when it was given. */
  readonly machine?: string;
  readonly state: LeaseState;
  /** The relay over which its client last asked for it, where it did: a renewal may go past that. */
  readonly via?: Via;
  /** Since when it has the address, without a break; of the others, since when it is in that state. */
  readonly since: number;
  /** Until when it has it, or it is kept from everybody. */
  readonly until: number;
};

/**
 * `released`: given back. `declined`: its client says that another uses it; `conflict`: somebody answered there who has no
 * lease. Both are kept from everybody for a while.
 */
export const LEASE_STATES = ['bound', 'released', 'declined', 'conflict'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

/** As people see it: a bound one whose time is over is expired, and one that is only offered is not kept yet. */
export const SHOWN_STATES = ['offered', 'bound', 'expired', 'released', 'declined', 'conflict'] as const;
export type ShownState = (typeof SHOWN_STATES)[number];

/** `now`: of the lease clock. Pure. */
export function shownState({ state, until }: Pick<Lease, 'state' | 'until'>, now: number): ShownState {
  return state === 'bound' && until <= now ? 'expired' : state;
}

/** Whether somebody has the address, or it is kept from everybody. Pure. */
export function isLive({ state, until }: Pick<Lease, 'state' | 'until'>, now: number): boolean {
  return state !== 'released' && until > now;
}

/** Its client does not use it any more. Pure. */
export function releasedAt(lease: Lease, now: number): Lease {
  return { ...lease, state: 'released', since: now, until: now };
}
