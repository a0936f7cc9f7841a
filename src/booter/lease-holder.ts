import { parseIp } from '../net/ip.js';
import type { Leases } from './leases.js';
import type { Mapping } from './mapping.js';

export type LeaseHolderParts = {
  /** Where this server gives addresses. */
  readonly leases?: Pick<Leases, 'at'>;
  /** The one in force. */
  readonly mapping: () => Pick<Mapping, 'inventory'>;
};

/** The machine that has a live lease of an address, by the name that its steps are told with. */
export function leaseHolder({ leases, mapping }: LeaseHolderParts, address: string): string | undefined {
  const ip = parseIp(address);
  const lease = ip && leases?.at(ip);
  if (lease?.state !== 'bound') return undefined;
  const { mac, uuid } = lease.client;
  const facts = { macs: mac === undefined ? [] : [mac], ...(uuid !== undefined && { uuid }), sourceAddress: address };
  return mapping().inventory.identify(facts).name;
}
