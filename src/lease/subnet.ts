import { type IpAddress, type Subnet, subnetHolds } from '../net/ip.js';
import type { AddressRange } from './address-range.js';

/** A subnet in which addresses are given. */
export type LeaseSubnet = {
  readonly subnet: Subnet;
  /** What strangers and machines without an address of their own are given; none where only reservations are. */
  readonly ranges: readonly AddressRange[];
  /** For how long, in seconds. */
  readonly leaseSeconds: number;
  readonly options: SubnetOptions;
};

/** What a machine there is told beside its address. */
export type SubnetOptions = {
  readonly routers: readonly IpAddress[];
  readonly dns: readonly IpAddress[];
  readonly ntp: readonly IpAddress[];
  readonly domain?: string;
  /** Domains in which names are looked up. */
  readonly search: readonly string[];
  /** Bytes. */
  readonly mtu?: number;
  /** Beside the default one, which is by `routers`. */
  readonly routes: readonly StaticRoute[];
};

export type StaticRoute = { readonly to: Subnet; readonly via: IpAddress };

/** Where a machine is: the addresses by which its network is known, the relay's choice before the relay before the interface's. */
export type Link = readonly IpAddress[];

/** Those that hold one of them: one network may have several. Pure. */
export function subnetsOn(subnets: readonly LeaseSubnet[], link: Link): readonly LeaseSubnet[] {
  return subnets.filter(({ subnet }) => link.some((address) => subnetHolds(subnet, address)));
}
