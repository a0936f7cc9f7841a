import type { AddressBounds } from '../lease/address-order.js';
import { type ClientKey, clientKey, type LeaseClient } from '../lease/client.js';
import type { ShownLease } from '../lease/lease-view.js';
import type { Machine } from '../machine/machine.js';
import { ip4Bounds, ip4NumberOf } from '../net/ip4-number.js';
import type { MacAddress } from '../net/mac.js';
import type { LeaseWish } from './leases.js';

const ALL: AddressBounds = [0, 2 ** 32 - 1];

/** Where those are that somebody wants to see. Pure. */
export function boundsOf({ after, subnet }: Pick<LeaseWish, 'after' | 'subnet'>): AddressBounds {
  const behind = after === undefined ? -1 : (ip4NumberOf(after) ?? -1);
  // None of IPv6 has leases here.
  const [first, last] = subnet === undefined ? ALL : (ip4Bounds(subnet) ?? [1, 0]);
  return [Math.max(first, behind + 1), last];
}

/**
 * Whose those are, as far as their cards say it; undefined where more is to be looked at. `record`: that of the machine that is
 * named. Pure.
 */
export function keysOf(
  { mac, machine }: Pick<LeaseWish, 'mac' | 'machine'>,
  record: Pick<Machine, 'macs' | 'uuid'> | undefined,
): readonly ClientKey[] | undefined {
  if (mac !== undefined) return keysOfCards([mac]);
  if (machine === undefined) return undefined;
  if (record === undefined) return [];
  return record.uuid === undefined ? keysOfCards(record.macs) : undefined;
}

function keysOfCards(macs: readonly MacAddress[]): readonly ClientKey[] {
  return macs.flatMap((mac) => clientKey({ mac }) ?? []);
}

/** Looks no further than it must. `nameOf`: the name of a client's record. */
export function pageOf(
  all: Iterable<ShownLease>,
  wish: Pick<LeaseWish, 'limit' | 'state' | 'mac' | 'machine'>,
  nameOf: (client: LeaseClient) => string | undefined,
): { readonly page: readonly ShownLease[]; readonly hasMore: boolean } {
  const { limit, state, mac, machine } = wish;
  const page: ShownLease[] = [];
  for (const lease of all) {
    if (state !== undefined && lease.state !== state) continue;
    if (mac !== undefined && lease.client.mac !== mac) continue;
    if (machine !== undefined && nameOf(lease.client) !== machine) continue;
    if (page.length === limit) return { page, hasMore: true };
    page.push(lease);
  }
  return { page, hasMore: false };
}
