import type { Peer } from '../net/datagram.js';
import { isHostIp4 } from '../net/ip.js';
import type { DhcpPacket } from './packet.js';
import { PORT } from './ports.js';

/** Where an answer goes. */
export type ReplyDestination =
  | { readonly kind: 'relay'; readonly address: string; readonly port: typeof PORT.server }
  | { readonly kind: 'unicast'; readonly address: string; readonly port: typeof PORT.client }
  /** To everybody on the network that it came from. */
  | { readonly kind: 'broadcast'; readonly port: typeof PORT.client }
  /** Back to where it came from. */
  | { readonly kind: 'sender'; readonly address: string; readonly port: number };

export type ReplyRoute = {
  readonly request: Pick<DhcpPacket, 'ciaddr' | 'giaddr'>;
  /** Whom the datagram came from. */
  readonly from: Peer;
  /** Where it came in: a server's, or that of PXE boot servers. */
  readonly servedPort: number;
  readonly kind: 'offer' | 'ack' | 'nak';
};

/** The bit of `flags` by which a broadcast is wanted (RFC 2131, 2). */
export const BROADCAST_FLAG = 0x8000;

/**
 * RFC 2131, 4.1, but for its last case: a client without an address is broadcast to even if it does not ask for that. To send
 * to one that does not answer ARP yet takes a raw socket, and the standard leaves the choice. Pure.
 */
export function replyDestination({ request, from, servedPort, kind }: ReplyRoute): ReplyDestination {
  // EDK2 asks there from 4011 and hears nothing at 68; iPXE asks from 68.
  if (servedPort === PORT.bootServer && isHostIp4(from.address))
    return { kind: 'sender', address: from.address, port: from.port };
  const relay = relayOf(request);
  if (relay !== undefined) return { kind: 'relay', address: relay, port: PORT.server };
  // Whoever still looks for a server has none; and the address that it has may be the very one that is refused.
  if (kind === 'ack' && isHostIp4(request.ciaddr))
    return { kind: 'unicast', address: request.ciaddr, port: PORT.client };
  return { kind: 'broadcast', port: PORT.client };
}

/** Those of the request; a relay has to broadcast a NAK (RFC 2131, 4.3.2). */
export function replyFlags({ flags, giaddr }: Pick<DhcpPacket, 'flags' | 'giaddr'>, kind: ReplyRoute['kind']): number {
  return kind === 'nak' && isHostIp4(giaddr) ? flags | BROADCAST_FLAG : flags;
}

/** The relay that a packet came over; a giaddr that no relay can have is as good as none: nobody is to make us send to many. */
export function relayOf({ giaddr }: Pick<DhcpPacket, 'giaddr'>): string | undefined {
  return isHostIp4(giaddr) ? giaddr : undefined;
}
