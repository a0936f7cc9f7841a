import { OPTION } from '../dhcp/option-code.js';
import { messageType } from '../dhcp/option-values.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { PORT } from '../dhcp/ports.js';
import { relayOf } from '../dhcp/reply-destination.js';
import type { Peer } from '../net/datagram.js';
import { NO_IP4, parseIp, type Subnet, subnetHolds } from '../net/ip.js';

/** Where a datagram came in: at DHCP's port, or at the one of PXE boot servers. */
export type Door = {
  readonly step: 'offer' | 'ack';
  /** The interface. */
  readonly name: string;
  /** Ours there. */
  readonly address: string;
  /** Of the networks behind it; none where they are not known. */
  readonly subnets: readonly Subnet[];
};

/** By which number it is known; tests have others. */
export const DOOR_PORT = { offer: PORT.server, ack: PORT.bootServer } as const;
/** More than any network has (RFC 1542, 4.1.1): the packet goes in a circle. */
const MAX_HOPS = 16;

/** What a packet wants of a server, of MESSAGE or what other RFCs have added; else why it is no question to one. Pure. */
export function askedType({ op, hops, options }: DhcpPacket): number | string {
  if (op !== 1) return 'it is an answer';
  if (hops > MAX_HOPS) return `it came over ${hops} relays`;
  return messageType(options.get(OPTION.messageType)) ?? 'it is of BOOTP';
}

/** A broadcast is answered by one: nobody elsewhere is to make us fill this network, or to speak for the machines on it. Pure. */
export function whyNotFromHere(request: DhcpPacket, from: Peer, { step, subnets }: Door): string | undefined {
  if (step === 'ack' || relayOf(request) !== undefined || from.address === NO_IP4) return undefined;
  const ip = parseIp(from.address);
  const isHere = subnets.length === 0 || (ip !== undefined && subnets.some((subnet) => subnetHolds(subnet, ip)));
  return isHere ? undefined : 'it comes from another network, and over no relay';
}
