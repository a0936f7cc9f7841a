import type { LeaseClient } from '../lease/client.js';
import type { ShownState } from '../lease/lease.js';
import type { PoolCounts } from '../lease/lease-view.js';
import type { LeaseAnswer, LeaseAsk } from '../lease/question.js';
import type { LeaseSubnet } from '../lease/subnet.js';
import type { IpAddress, Subnet } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';

/** As people are told of it. Times are milliseconds since the epoch. */
export type ToldLease = {
  readonly address: IpAddress;
  readonly state: ShownState;
  readonly client: LeaseClient;
  /** The name of its record; missing for a stranger. */
  readonly machine?: string;
  readonly since: number;
  /** Missing where it has no end. */
  readonly until?: number;
  /** The machine whose record has this very address, which may be another than the one that has it now. */
  readonly reservedFor?: string;
};

/** When what has no end is kept to end, in milliseconds since the epoch. */
export const ENDLESS = Date.UTC(9999, 11, 31);

/** Also by a clock that was set meanwhile. */
export function isEndless(until: number): boolean {
  return until >= Date.UTC(9999, 0, 1);
}

/** Which leases somebody wants to see: so many, behind an address, and only those that are all that is said. */
export type LeaseWish = {
  readonly limit: number;
  readonly after?: IpAddress | undefined;
  readonly subnet?: Subnet | undefined;
  readonly state?: ShownState | undefined;
  readonly mac?: MacAddress | undefined;
  /** By the records in force. */
  readonly machine?: string | undefined;
};

export type LeasePage = { readonly leases: readonly ToldLease[]; readonly hasMore: boolean };

export type ToldPool = { readonly subnet: LeaseSubnet; readonly counts: PoolCounts };

/** One that another server has given: `until`: milliseconds since the epoch. */
export type ForeignLease = { readonly address: IpAddress; readonly client: LeaseClient; readonly until: number };

/** `isReserved`: as if the record of its machine had the address. */
export type AskedLease = ForeignLease & { readonly isReserved?: boolean };

/** `present`: its client had it here already. */
export type Adopted =
  | { readonly kind: 'adopted' | 'present'; readonly address: IpAddress }
  | { readonly kind: 'refused'; readonly address: IpAddress; readonly reason: string };

/** Addresses for those who ask for one. */
export interface Leases {
  /** At once, or when what it takes is durable, or was tried. Never rejects. */
  answer(ask: LeaseAsk): LeaseAnswer | Promise<LeaseAnswer>;
  /** Whose card has a live lease of it that a trusted relay vouches for. */
  macAt(address: string): MacAddress | undefined;
  /** Whether it is in a subnet of ours, where what others say of addresses does not count. */
  gives(address: IpAddress): boolean;
  readonly register: LeaseRegister;
}

/** In a sentence; `until`: milliseconds since the epoch. */
export function untilText(until: number | undefined): string {
  return until === undefined ? 'without an end' : `until ${new Date(until).toISOString()}`;
}

/** Who has which address, for operators. */
export interface LeaseRegister {
  /** Those in which addresses are given. */
  readonly subnets: readonly LeaseSubnet[];
  /** In the order of addresses; also those that are offered, and those that are remembered. */
  list(wish: LeaseWish): LeasePage;
  at(address: IpAddress): ToldLease | undefined;
  /** The machine whose record has the address, whether it has asked for it or not. */
  reservedFor(address: IpAddress): string | undefined;
  pools(): readonly ToldPool[];
  /** Durably free, and nobody's. Throws DATA_UNUSABLE, DISK_FULL, RATE_LIMITED. */
  release(address: IpAddress): Promise<void>;
  /**
   * Takes over what another server has given, durably: what became of each, in their order. Throws DATA_UNUSABLE, DISK_FULL,
   * RATE_LIMITED.
   */
  adopt(leases: readonly ForeignLease[]): Promise<readonly Adopted[]>;
  /** What would become of each by itself. */
  judge(leases: readonly AskedLease[]): readonly Adopted[];
}
