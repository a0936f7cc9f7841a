import type { Config } from '../config/schema.js';
import { counted } from '../format.js';
import { formatRange, rangeSize } from '../lease/address-range.js';
import { subnetsOn } from '../lease/subnet.js';
import type { Machine } from '../machine/machine.js';
import { formatSubnet, type IpAddress, isIp4, parseIp } from '../net/ip.js';

/** Which address a machine would be given by this server, as far as the configuration tells: who has which, only the server knows. */
export type AddressExplanation =
  | { readonly kind: 'reserved'; readonly address: IpAddress; readonly subnet: string }
  /** Of those, unless it has one already. */
  | {
      readonly kind: 'pool';
      readonly subnets: readonly { readonly subnet: string; readonly ranges: readonly string[] }[];
    }
  | { readonly kind: 'none'; readonly reason: string };

/** `at`: ours on the machine's network. undefined where another server gives addresses. Pure. */
export function explainAddress(
  dhcp: Config['dhcp'],
  machine: Pick<Machine, 'name' | 'ip'> | undefined,
  at: string,
): AddressExplanation | undefined {
  if (dhcp?.mode !== 'server') return undefined;
  const ip = machine?.ip !== undefined && isIp4(machine.ip) ? machine.ip : undefined;
  if (ip !== undefined) {
    const [own] = subnetsOn(dhcp.subnets, [ip]);
    if (own !== undefined) return { kind: 'reserved', address: ip, subnet: formatSubnet(own.subnet) };
  }
  const here = parseIp(at);
  const pools = here === undefined ? [] : subnetsOn(dhcp.subnets, [here]).filter(({ ranges }) => ranges.length > 0);
  // Its network may be behind a relay.
  const all = pools.length > 0 ? pools : dhcp.subnets.filter(({ ranges }) => ranges.length > 0);
  if (all.length === 0) {
    const why = ip === undefined ? 'no record has an ip for it' : `its ip ${ip} is in no subnet of dhcp.subnets`;
    return { kind: 'none', reason: `${why}, and no subnet has a range` };
  }
  return {
    kind: 'pool',
    subnets: all.map(({ subnet, ranges }) => ({ subnet: formatSubnet(subnet), ranges: ranges.map(formatRange) })),
  };
}

/** `192.168.77.20, reserved for it: the ip of its record, in 192.168.77.0/24`. Pure. */
export function describeAddress(explained: AddressExplanation): string {
  switch (explained.kind) {
    case 'reserved':
      return `${explained.address}, reserved for it: the ip of its record, in ${explained.subnet}`;
    case 'pool': {
      const pools = explained.subnets.map(({ subnet, ranges }) => `${ranges.join(' ')} in ${subnet}`);
      return `one of the pool, ${pools.join(', or ')} (which it gets again as long as others are left: bootlayer lease ls)`;
    }
    case 'none':
      return `none: ${explained.reason}`;
  }
}

/** `this server gives addresses: 192.168.77.0/24 (100 in ranges); 3 machines with an ip of their own`; undefined where another does. Pure. */
export function describeGiven({ dhcp, machines }: Pick<Config, 'dhcp' | 'machines'>): string | undefined {
  if (dhcp?.mode !== 'server') return undefined;
  const reserved = machines.filter(({ ip }) => ip !== undefined && isIp4(ip)).length;
  const pools = dhcp.subnets.map(({ subnet, ranges }) => {
    const size = ranges.reduce((sum, range) => sum + rangeSize(range), 0);
    return `${formatSubnet(subnet)} (${size} in ranges)`;
  });
  const shown =
    pools.length > MOST_NAMED ? [...pools.slice(0, MOST_NAMED), `${pools.length - MOST_NAMED} more`] : pools;
  return `this server gives addresses: ${shown.join(', ')}; ${counted(reserved, 'machine')} with an ip of ${reserved === 1 ? 'its' : 'their'} own`;
}

const MOST_NAMED = 10;
