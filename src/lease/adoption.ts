import type { Lease } from './lease.js';
import type { AdoptDecision } from './lease-decision.js';
import type { Occupancy } from './occupancy.js';

/**
 * What is to be done about what another server has given, as of now. `isReserved`: as if the record of its machine had the address.
 */
export function adoption(
  occupancy: Occupancy,
  lease: Lease,
  { now, isReserved }: { readonly now: number; readonly isReserved: boolean },
): AdoptDecision {
  const { address, key, client, machine } = lease;
  const subnet = occupancy.subnetOf(address);
  if (subnet === undefined) return { kind: 'refused', reason: `no subnet of dhcp.subnets has ${address}` };
  if (key === undefined) return { kind: 'refused', reason: 'it says neither a card nor an identifier' };
  const asker = { key, client: { ...client, ...(machine !== undefined && { machine }) }, subnets: [subnet], now };
  const reason = occupancy.whyNot(address, { ...asker, isReserved });
  const held = occupancy.liveAt(address, now);
  if (held !== undefined && (reason === undefined || isSameClient(held, lease))) {
    // We have told its client that it has it for so long, whatever a file says.
    const isLonger = reason === undefined && lease.until > held.until;
    return { kind: 'present', save: isLonger ? [{ ...held, until: lease.until }] : [] };
  }
  return reason === undefined ? { kind: 'adopted', save: [lease] } : { kind: 'refused', reason };
}

/** Also by an identifier alone, where only one of them says a card. */
function isSameClient(one: Lease, other: Lease): boolean {
  if (one.key !== undefined && one.key === other.key) return true;
  const [first, second] = [one.client, other.client];
  const isSaidByBoth = first.clientId !== undefined && first.clientId === second.clientId;
  return isSaidByBoth && (first.mac === undefined || second.mac === undefined);
}
