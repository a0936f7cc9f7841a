import type { IpAddress } from '../net/ip.js';
import type { Lease } from './lease.js';

/** What leases need of durable state; `store/` implements it. One lease an address: none has two owners, whatever happens. */
export interface LeaseStore {
  /** Everything that is kept; `damaged`: addresses whose rows cannot be read. Throws DATA_UNUSABLE. */
  loadLeases(): Promise<{ readonly leases: readonly Lease[]; readonly damaged: readonly IpAddress[] }>;
  /** Each in place of what its address had. Durable when it resolves. */
  saveLeases(leases: readonly Lease[]): Promise<void>;
  /** Forgets who had them. Durable when it resolves. */
  removeLeases(addresses: readonly IpAddress[]): Promise<void>;
  /** Where the lease clock stood, when it was last set. */
  loadLeaseClock(): Promise<KeptClock | undefined>;
  saveLeaseClock(kept: KeptClock): Promise<void>;
}

/**
 * The lease clock is the time since the system's start, and what is added to it: within one start of the system, it goes on as
 * if nothing had happened, whatever becomes of the time of day and of this program. What else is kept says how long the system
 * was down, as far as the time of day can be believed (`startOfClock`).
 */
export type KeptClock = {
  /** Which start of the system. */
  readonly boot: string;
  /** Milliseconds. */
  readonly offset: number;
  /** Where it stood when this was kept. */
  readonly at: number;
  /** By how much the time of day has been ahead of it, at most: milliseconds. */
  readonly ahead: number;
};
