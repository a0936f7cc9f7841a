import type { Config } from '../config/schema.js';
import { counted } from '../format.js';
import { rangeSize } from '../lease/address-range.js';
import { formatSubnet, isIp4, subnetsMeet } from '../net/ip.js';
import type { ServedInterface } from '../pxe/served-interfaces.js';

/** The addresses that there are to be given, by the configuration. */
export type DescribedPools = {
  readonly subnets: readonly {
    readonly subnet: string;
    /** Where machines of it are answered; none over relays alone, and missing where that is not known. */
    readonly interfaces?: readonly string[];
    /** Of its ranges together. */
    readonly size: number;
  }[];
  /** Machines of files with an ip of their own. */
  readonly reserved: number;
};

type Served = Pick<ServedInterface, 'name' | 'subnets'>;

/** undefined where another server gives addresses. `interfaces`: where DHCP is answered; none where that is not known. Pure. */
export function poolsOf(
  { dhcp, machines }: Pick<Config, 'dhcp' | 'machines'>,
  interfaces: readonly Served[] = [],
): DescribedPools | undefined {
  if (dhcp?.mode !== 'server') return undefined;
  const subnets = dhcp.subnets.map(({ subnet, ranges }) => {
    const near = interfaces.filter((one) => one.subnets.some((network) => subnetsMeet(subnet, network)));
    return {
      subnet: formatSubnet(subnet),
      ...(interfaces.length > 0 && { interfaces: near.map(({ name }) => name) }),
      size: ranges.reduce((sum, range) => sum + rangeSize(range), 0),
    };
  });
  return { subnets, reserved: machines.filter(({ ip }) => ip !== undefined && isIp4(ip)).length };
}

/**
 * `this server gives addresses: 192.168.77.0/24 on br0 (100 in ranges), 10.1.0.0/16 over relays (0 in ranges); 3 machines with an
 * ip of their own`. Pure.
 */
export function describePools({ subnets, reserved }: DescribedPools): string {
  const pools = subnets.map(({ subnet, interfaces, size }) => `${subnet}${placeText(interfaces)} (${size} in ranges)`);
  const shown =
    pools.length > MOST_NAMED ? [...pools.slice(0, MOST_NAMED), `${pools.length - MOST_NAMED} more`] : pools;
  return `this server gives addresses: ${shown.join(', ')}; ${counted(reserved, 'machine')} with an ip of ${reserved === 1 ? 'its' : 'their'} own`;
}

function placeText(interfaces: readonly string[] | undefined): string {
  if (interfaces === undefined) return '';
  return interfaces.length === 0 ? ' over relays' : ` on ${interfaces.join(' and ')}`;
}

const MOST_NAMED = 10;
