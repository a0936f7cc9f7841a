import type { IpAddress } from '../net/ip.js';
import type { LeaseClient } from './client.js';
import type { LeaseSubnet, Link } from './subnet.js';

/**
 * What a client wants of a server that gives addresses, whatever the packet was (RFC 2131, 4.3; RFC 8415, 18.3).
 * `dhcp/` has the packets of IPv4; those of IPv6 are to stand beside it, in `dhcpv6/`, and come to the same questions and answers.
 * `select`: it takes what was offered, by us or by another; `reboot`: it had the address when it last ran; `extend`: it has it
 * (renewing, rebinding); `inform`: it has one from elsewhere, and wants the rest.
 */
export type LeaseQuestion =
  | { readonly kind: 'discover'; readonly wanted?: IpAddress }
  | { readonly kind: 'select'; readonly address: IpAddress; readonly isOurs: boolean }
  | { readonly kind: 'reboot' | 'extend' | 'decline' | 'release'; readonly address: IpAddress }
  | { readonly kind: 'inform'; readonly address: IpAddress };

export type LeaseAsk = LeaseQuestion & {
  readonly client: LeaseClient;
  readonly link: Link;
  /** The relay that it came over, where it did. */
  readonly via?: Via;
};

/** A relay, and whom its datagram came from: many routers have an address for machines and another for servers. */
export type Via = {
  readonly relay: IpAddress;
  readonly from: IpAddress;
  /** What it says of others' addresses counts. */
  readonly isTrusted?: true;
};

/** `renewSeconds`, `rebindSeconds`: T1 and T2 (RFC 2131, 4.4.5). */
export type GivenAddress = {
  readonly address: IpAddress;
  readonly subnet: LeaseSubnet;
  /** Of its record. */
  readonly hostname?: string;
  readonly seconds: number;
  readonly renewSeconds: number;
  readonly rebindSeconds: number;
};

/** For as long as its subnet says; T1 and T2 are half of that and seven eighths (RFC 2131, 4.4.5). Pure. */
export function givenAddress(address: IpAddress, subnet: LeaseSubnet): GivenAddress {
  const seconds = subnet.leaseSeconds;
  const times = { seconds, renewSeconds: Math.floor(seconds / 2), rebindSeconds: Math.floor((seconds * 7) / 8) };
  return { address, subnet, ...times };
}

export type LeaseAnswer =
  | ({ readonly kind: 'offer' | 'ack' } & GivenAddress)
  | { readonly kind: 'informed'; readonly subnet: LeaseSubnet; readonly hostname?: string }
  | { readonly kind: 'nak'; readonly reason: string }
  /** What it says of its address counts; nothing is answered (RFC 2131, 4.3.3 and 4.3.4). */
  | { readonly kind: 'noted' }
  | { readonly kind: 'silent'; readonly reason: string };
