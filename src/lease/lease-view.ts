import type { IpAddress } from '../net/ip.js';
import { type AddressBounds, AddressOrder } from './address-order.js';
import type { ClientKey } from './client.js';
import { isLive, type Lease, type ShownState, shownState } from './lease.js';
import type { Occupancy } from './occupancy.js';
import type { Offer } from './offers.js';
import type { ServedSubnet } from './served-subnet.js';

/** What people see of addresses. */
export type ShownLease = Omit<Lease, 'state'> & { readonly state: ShownState };

/**
 * How many addresses a subnet's ranges have (`size`), and what became of those of the whole subnet. `free`: of the ranges;
 * `kept`: those of them that strangers are not given; `reserved`: addresses that machines' records have.
 */
export type PoolCounts = { readonly size: number } & Readonly<
  Record<ShownState | 'free' | 'kept' | 'reserved', number>
>;

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

/** Which leases are to be seen: all, unless it is said otherwise. */
export type Shown = {
  readonly bounds?: AddressBounds;
  /** Those of these clients, and of nobody. */
  readonly keys?: readonly ClientKey[] | undefined;
};

/** In the order of addresses, one by one: there are many, and few are seen at a time. Pure. */
export function* shownIn(
  occupancy: Occupancy,
  now: number,
  { bounds = [0, Infinity], keys }: Shown,
): Generator<ShownLease, void> {
  const order = keys === undefined ? occupancy.order : orderOf(occupancy, keys);
  for (const address of order.between(bounds)) {
    const shown = shownAt(occupancy, address, now);
    if (shown !== undefined) yield shown;
  }
}

/** What was declined says by whom, and is nobody's. */
function orderOf(occupancy: Occupancy, keys: readonly ClientKey[]): AddressOrder {
  const order = new AddressOrder();
  for (const key of keys) for (const { address } of occupancy.of(key)) order.add(address);
  for (const { offers, quarantined } of occupancy.subnets) {
    for (const { address } of keys.flatMap((key) => offers.to(key) ?? [])) order.add(address);
    for (const address of quarantined) order.add(address);
  }
  return order;
}

/** Of all subnets, in their order. Pure. */
export function countsIn(occupancy: Occupancy, now: number): readonly PoolCounts[] {
  const counts = new Map(occupancy.subnets.map((subnet) => [subnet, countedPool(subnet)]));
  const count = (address: IpAddress, state: Counted | undefined) => {
    const subnet = occupancy.subnetOf(address);
    const its = subnet && counts.get(subnet);
    if (its !== undefined && state !== undefined) its[state] += 1;
  };
  for (const address of occupancy.reservations.addresses()) count(address, 'reserved');
  for (const { address } of occupancy.all()) count(address, shownAt(occupancy, address, now)?.state);
  for (const { offers } of occupancy.subnets)
    for (const { address } of offers.all()) if (occupancy.at(address) === undefined) count(address, 'offered');
  return [...counts.values()];
}

type Counted = ShownState | 'free' | 'kept' | 'reserved';

function countedPool({ pool: { size, left: free, kept } }: ServedSubnet): { size: number } & Record<Counted, number> {
  return { size, free, kept, reserved: 0, offered: 0, bound: 0, expired: 0, released: 0, declined: 0, conflict: 0 };
}
