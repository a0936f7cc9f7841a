import type { Config } from '../config/schema.js';
import { counted } from '../format.js';
import { formatRange, rangeSize } from '../lease/address-range.js';
import { type LeaseSubnet, subnetsOn } from '../lease/subnet.js';
import type { Machine } from '../machine/machine.js';
import { formatSubnet, type IpAddress, isIp4, parseIp, type Subnet, subnetsMeet } from '../net/ip.js';
import type { ServedInterface } from '../pxe/served-interfaces.js';
import type { Site } from './explained-site.js';

/**
 * Which address a machine would be given by this server, as far as the configuration tells: who has which, and what the API keeps,
 * only the server knows.
 */
export type AddressExplanation =
  | { readonly kind: 'reserved'; readonly address: IpAddress; readonly subnet: string }
  /** Of those, unless it has one already. */
  | {
      readonly kind: 'pool';
      readonly subnets: readonly { readonly subnet: string; readonly ranges: readonly string[] }[];
      /** The ip of its record, which is not there. */
      readonly notThere?: IpAddress;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** `site`: where the machine is. undefined where another server gives addresses. Pure. */
export function explainAddress(
  dhcp: Config['dhcp'],
  machine: Pick<Machine, 'name' | 'ip'> | undefined,
  { address, subnet }: Pick<Site, 'address' | 'subnet'>,
): AddressExplanation | undefined {
  if (dhcp?.mode !== 'server') return undefined;
  const subnets = subnet === undefined ? dhcp.subnets : subnetsOn(dhcp.subnets, [subnet.address]);
  const ip = machine?.ip !== undefined && isIp4(machine.ip) ? machine.ip : undefined;
  if (ip !== undefined) {
    const [own] = subnetsOn(subnets, [ip]);
    if (own !== undefined) return { kind: 'reserved', address: ip, subnet: formatSubnet(own.subnet) };
  }
  const here = parseIp(address);
  const pools = here === undefined ? [] : withRanges(subnetsOn(subnets, [here]));
  // Its network may be behind a relay.
  const all = pools.length > 0 ? pools : withRanges(subnets);
  if (all.length === 0) return { kind: 'none', reason: whyNone(ip, subnet) };
  return {
    kind: 'pool',
    subnets: all.map((one) => ({ subnet: formatSubnet(one.subnet), ranges: one.ranges.map(formatRange) })),
    ...(ip !== undefined && { notThere: ip }),
  };
}

function withRanges(subnets: readonly LeaseSubnet[]): readonly LeaseSubnet[] {
  return subnets.filter(({ ranges }) => ranges.length > 0);
}

function whyNone(ip: IpAddress | undefined, subnet: Subnet | undefined): string {
  const where = subnet === undefined ? 'in no subnet of dhcp.subnets' : 'not there';
  const why = ip === undefined ? 'no record has an ip for it' : `its ip ${ip} is ${where}`;
  return `${why}, and ${subnet === undefined ? 'no subnet has a range' : `${formatSubnet(subnet)} has no range`}`;
}

/** `192.168.77.20, reserved for it, if nobody else holds it: the ip of its record, in 192.168.77.0/24`. Pure. */
export function describeAddress(explained: AddressExplanation): string {
  switch (explained.kind) {
    case 'reserved':
      return `${explained.address}, reserved for it, if nobody else holds it: the ip of its record, in ${explained.subnet}`;
    case 'pool': {
      const pools = explained.subnets.map(({ subnet, ranges }) => `${ranges.join(' ')} in ${subnet}`);
      const otherwise =
        explained.notThere === undefined ? '' : `; the ip of its record, ${explained.notThere}, is not there`;
      return `one of the pool, ${pools.join(', or ')} (which it gets again as long as others are left: bootlayer lease ls)${otherwise}`;
    }
    case 'none':
      return `none: ${explained.reason}`;
  }
}

/**
 * `this server gives addresses: 192.168.77.0/24 on br0 (100 in ranges), 10.1.0.0/16 over relays (0 in ranges); 3 machines with an
 * ip of their own`; undefined where another does. `interfaces`: where DHCP is answered; none where that is not known. Pure.
 */
export function describeGiven(
  { dhcp, machines }: Pick<Config, 'dhcp' | 'machines'>,
  interfaces: readonly Pick<ServedInterface, 'name' | 'subnets'>[] = [],
): string | undefined {
  if (dhcp?.mode !== 'server') return undefined;
  const reserved = machines.filter(({ ip }) => ip !== undefined && isIp4(ip)).length;
  const pools = dhcp.subnets.map(({ subnet, ranges }) => {
    const size = ranges.reduce((sum, range) => sum + rangeSize(range), 0);
    const names = interfaces.filter((one) => one.subnets.some((network) => subnetsMeet(subnet, network)));
    const on = names.length === 0 ? 'over relays' : `on ${names.map(({ name }) => name).join(' and ')}`;
    return `${formatSubnet(subnet)}${interfaces.length === 0 ? '' : ` ${on}`} (${size} in ranges)`;
  });
  const shown =
    pools.length > MOST_NAMED ? [...pools.slice(0, MOST_NAMED), `${pools.length - MOST_NAMED} more`] : pools;
  return `this server gives addresses: ${shown.join(', ')}; ${counted(reserved, 'machine')} with an ip of ${reserved === 1 ? 'its' : 'their'} own`;
}

const MOST_NAMED = 10;
