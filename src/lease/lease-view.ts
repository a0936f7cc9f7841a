import type { IpAddress } from '../net/ip.js';
import { ip4NumberOf } from '../net/ip4-number.js';
import { isLive, type Lease, type ShownState, shownState } from './lease.js';
import type { Occupancy } from './occupancy.js';
import type { Offer } from './offers.js';

/** What people see of addresses. */
export type ShownLease = Omit<Lease, 'state'> & { readonly state: ShownState };

/**
 * How many addresses a subnet's ranges have (`size`), and what became of those of the whole subnet. `free`: of the ranges;
 * `reserved`: addresses that machines' records have.
 */
export type PoolCounts = { readonly size: number } & Readonly<Record<ShownState | 'free' | 'reserved', number>>;

/** As of now, where there is one. An offer stands before what is over. Pure. */
export function shownAt(occupancy: Occupancy, address: IpAddress, now: number): ShownLease | undefined {
  const offer = occupancy.subnetOf(address)?.offers.at(address);
  const lease = occupancy.at(address);
  if (offer !== undefined && (lease === undefined || !isLive(lease, now))) return shownOffer(offer);
  // Nobody's, and kept from nobody any more.
  if (lease === undefined || (lease.key === undefined && !isLive(lease, now))) return undefined;
  return { ...lease, state: shownState(lease, now) };
}

function shownOffer({ address, key, client, madeAt: since, until }: Offer): ShownLease {
  const { machine, reserved: _reserved, ...said } = client;
  return { address, key, client: said, ...(machine !== undefined && { machine }), state: 'offered', since, until };
}

/** In the order of addresses. Pure. */
export function shownIn(occupancy: Occupancy, now: number): readonly ShownLease[] {
  const offered = occupancy.subnets.flatMap(({ offers }) => [...offers.all()]);
  const all = new Set([...occupancy.all(), ...offered].map(({ address }) => address));
  const numbered = [...all].map((address) => ({ address, number: ip4NumberOf(address) ?? 0 }));
  return numbered
    .sort((one, other) => one.number - other.number)
    .flatMap(({ address }) => shownAt(occupancy, address, now) ?? []);
}

/** Of the subnet with that address. Pure. */
export function countsIn(occupancy: Occupancy, subnet: IpAddress, now: number): PoolCounts {
  const served = occupancy.subnets.find((one) => one.subnet.subnet.address === subnet);
  const counts = { free: 0, reserved: 0, offered: 0, bound: 0, expired: 0, released: 0, declined: 0, conflict: 0 };
  if (served === undefined) return { size: 0, ...counts };
  counts.free = served.pool.left;
  for (const address of occupancy.reservations.addresses()) if (served.holds(address)) counts.reserved += 1;
  const offered = [...served.offers.all()].filter(({ address }) => occupancy.at(address) === undefined);
  counts.offered = offered.length;
  for (const { address } of occupancy.all()) {
    const state = served.holds(address) ? shownAt(occupancy, address, now)?.state : undefined;
    if (state !== undefined) counts[state] += 1;
  }
  return { size: served.pool.size, ...counts };
}
