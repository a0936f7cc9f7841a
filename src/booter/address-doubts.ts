import { fewOf } from '../format.js';
import type { Machine } from '../machine/machine.js';
import { formatSubnet, isIp4, subnetHolds } from '../net/ip.js';
import { LeaseClients } from './lease-clients.js';
import { type LeaseRegister, untilText } from './leases.js';
import type { Mapping } from './mapping.js';

const MOST_NAMED = 5;

/**
 * Why a machine will not be given the address of its record, by a server that gives addresses. `records`: those by which that
 * machine is known, which need not be in force. Looks, and changes nothing.
 */
export function addressDoubts(
  { name, ip }: Pick<Machine, 'name' | 'ip'>,
  records: Pick<Mapping, 'inventory' | 'machines'>,
  register: Pick<LeaseRegister, 'at' | 'subnets'>,
): readonly string[] {
  if (ip === undefined || !isIp4(ip)) return [];
  const subnets = register.subnets.map(({ subnet }) => subnet);
  if (!subnets.some((subnet) => subnetHolds(subnet, ip))) {
    const known = fewOf(subnets.map(formatSubnet), MOST_NAMED);
    return [`no subnet of dhcp.subnets (${known}) holds ${ip}: ${name} is not given it`];
  }
  const lease = register.at(ip);
  switch (lease?.state) {
    case 'bound': {
      const holder = new LeaseClients(() => records).find(lease.client).name;
      if (holder === name) return [];
      const how = `that is over, or "bootlayer lease release ${ip} --force"`;
      return [`${holder} has ${ip} ${untilText(lease.until)}: ${name} is not given it before ${how}`];
    }
    case 'declined':
    case 'conflict': {
      const how = `then, or "bootlayer lease release ${ip}"`;
      return [
        `${ip} is kept from everybody ${untilText(lease.until)}, since it is in use: ${name} is not given it before ${how}`,
      ];
    }
    default:
      return [];
  }
}
