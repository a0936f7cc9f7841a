import { parseIp } from '../net/ip.js';
import type { LeaseRegister } from './leases.js';

/** The machine that has a live lease of an address, by the name that its steps are told with. */
export function leaseHolder(register: Pick<LeaseRegister, 'at'> | undefined, address: string): string | undefined {
  const ip = parseIp(address);
  const lease = ip && register?.at(ip);
  if (lease?.state !== 'bound') return undefined;
  return lease.machine ?? lease.client.mac ?? lease.client.uuid;
}
