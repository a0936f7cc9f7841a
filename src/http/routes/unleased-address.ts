import type { LeaseRegister } from '../../booter/leases.js';
import { rangeHolds } from '../../lease/address-range.js';
import { subnetsOn } from '../../lease/subnet.js';
import { formatSubnet, type IpAddress } from '../../net/ip.js';

/** What an address is that nobody has, or had. */
export type UnleasedAddress =
  | { readonly kind: 'reserved'; readonly machine: string }
  /** `what`: behind its name in a sentence. */
  | { readonly kind: 'unreserved'; readonly what: string };

export type UnleasedParts = Pick<LeaseRegister, 'subnets' | 'reservedFor'> & {
  /** What no machine can have, and why: `a router of 192.168.77.0/24`. */
  readonly taken: (address: IpAddress) => string | undefined;
};

/** By the configuration, and the records in force. Pure. */
export function unleasedAddress(address: IpAddress, parts: UnleasedParts): UnleasedAddress {
  const { subnets, taken } = parts;
  const machine = parts.reservedFor(address);
  const [at] = subnetsOn(subnets, [address]);
  if (at === undefined) {
    const outside = 'in no subnet of dhcp.subnets';
    return { kind: 'unreserved', what: machine === undefined ? outside : `the ip of ${machine}, but ${outside}` };
  }
  if (machine !== undefined) return { kind: 'reserved', machine };
  return { kind: 'unreserved', what: taken(address) ?? placeIn(at, address) };
}

function placeIn({ subnet, ranges }: LeaseRegister['subnets'][number], address: IpAddress): string {
  const written = formatSubnet(subnet);
  if (ranges.some((range) => rangeHolds(range, address))) return `free, in a range of ${written}`;
  return `in ${written}, but in none of its ranges: it is given only to a machine whose record has it as its ip`;
}
