import type { AddressBounds } from '../lease/address-order.js';
import type { ShownLease } from '../lease/lease-view.js';
import type { Machine } from '../machine/machine.js';
import { ip4Bounds, ip4NumberOf } from '../net/ip4-number.js';
import type { LeaseWish } from './leases.js';

const ALL: AddressBounds = [0, 2 ** 32 - 1];

/** Where those are that somebody wants to see. Pure. */
export function boundsOf({ after, subnet }: Pick<LeaseWish, 'after' | 'subnet'>): AddressBounds {
  const behind = after === undefined ? -1 : (ip4NumberOf(after) ?? -1);
  // None of IPv6 has leases here.
  const [first, last] = subnet === undefined ? ALL : (ip4Bounds(subnet) ?? [1, 0]);
  return [Math.max(first, behind + 1), last];
}

/** Whether it can be of the machine at all, which is looked up for few then. Pure. */
export function mayBeOf({ client: { mac, uuid } }: ShownLease, machine: Pick<Machine, 'macs'> | undefined): boolean {
  return machine !== undefined && (uuid !== undefined || (mac !== undefined && machine.macs.includes(mac)));
}

/** Whether it is one that somebody wants to see, by what it is itself. Pure. */
export function isWished({ state, client }: ShownLease, wish: Pick<LeaseWish, 'state' | 'mac'>): boolean {
  return (wish.state ?? state) === state && (wish.mac ?? client.mac) === client.mac;
}
