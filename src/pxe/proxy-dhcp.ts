import type { Invitation } from '../booter/invitation.js';
import { DhcpCodecError } from '../dhcp/codec-error.js';
import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import { ip4, maxPayloadBytes } from '../dhcp/option-values.js';
import { lookingCard } from '../dhcp/other-servers.js';
import { type DhcpPacket, decodePacket, encodePacket } from '../dhcp/packet.js';
import { readRelayAgent } from '../dhcp/relay-agent.js';
import { relayOf, replyDestination } from '../dhcp/reply-destination.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Peer } from '../net/datagram.js';
import type { Offerings } from './answer.js';
import { bootReply, DROPPABLE } from './boot-reply.js';
import { factsOf, readClient } from './client.js';
import { askedType, DOOR_PORT, type Door, whyNotFromHere } from './door.js';
import type { Asked, ProxyExchange } from './exchange.js';
import { invitedAnswer } from './invited-answer.js';
import { relayWordOf } from './relay-word.js';

export type BootParts = {
  readonly invite: (facts: MachineFacts) => Invitation;
  /** What there is to be given at one of our addresses. */
  readonly offerings: (address: string) => Offerings;
};

/**
 * The second server beside the one that gives addresses (PXE 2.1, 2.2): offers to machines that ask to be booted, and
 * acknowledges at the boot server's port. Pure but for its parts. Never throws for what comes.
 */
export function proxyExchange(bytes: Buffer, from: Peer, door: Door, parts: BootParts): ProxyExchange {
  const decoded = decodePacket(bytes);
  if (decoded.kind === 'malformed') return decoded;
  const request = decoded.packet;
  // Nobody is booted by it, and no boot of it is told.
  if (request.chaddr.equals(lookingCard(door.address)))
    return { kind: 'ignored', reason: 'it is our own look for other servers' };
  const reason = whyNotOurs(request, door) ?? whyNotForUs(request, door) ?? whyNotFromHere(request, from, door);
  if (reason !== undefined) {
    // Relays know DHCP's port alone.
    const word = door.step === 'offer' ? relayWordOf(request, from.address) : undefined;
    return { kind: 'ignored', reason, ...(word !== undefined && { word }) };
  }
  const client = readClient(request);
  if (client.kind === 'other') return { kind: 'ignored', reason: 'it does not ask to be booted' };
  const source = relayOf(request) ?? from.address;
  const invitation = parts.invite(factsOf(client, request, source));
  return answered({ request, client, invitation }, from, door, parts);
}

/** A REQUEST at DHCP's port is for the server that gives addresses, whatever it says of booting. */
function whyNotOurs(request: DhcpPacket, { step }: Door): string | undefined {
  const type = askedType(request);
  if (typeof type === 'string') return type;
  const isOurs = step === 'offer' ? type === MESSAGE.discover : type === MESSAGE.request || type === MESSAGE.inform;
  return isOurs ? undefined : `its message type ${type} is not for a proxy at this port`;
}

/** At the boot server's port EDK2 was seen to name no server, and iPXE names the one of the offer (src/net/udp/dhcp.c). */
function whyNotForUs({ options }: DhcpPacket, { step, address }: Door): string | undefined {
  const named = step === 'ack' ? ip4(options.get(OPTION.serverId)) : undefined;
  return named === undefined || named === address ? undefined : `it is for the server ${named}`;
}

function answered(asked: Asked, from: Peer, door: Door, { offerings }: BootParts): ProxyExchange {
  const { request, client, invitation } = asked;
  const unanswered = (reason: string) => ({ kind: 'unanswered', request, client, invitation, reason }) as const;
  const told = invitedAnswer(invitation, client, offerings(door.address));
  if (told.kind === 'silent') return unanswered(told.reason);
  const isRelayed = relayOf(request) !== undefined;
  const relay = isRelayed ? readRelayAgent(request.options.get(OPTION.relayAgent)) : undefined;
  const { step, address } = door;
  const reply = bootReply({ request, client, told, step, address, serverId: relay?.serverIdOverride ?? address });
  try {
    const maxBytes = maxPayloadBytes(request.options.get(OPTION.maxMessageSize));
    const written = encodePacket(reply, { maxBytes, droppable: DROPPABLE });
    const to = replyDestination({ request, from, servedPort: DOOR_PORT[step], kind: step });
    // Each by its name: to copy them from an object takes V8 several microseconds.
    return { kind: 'answered', request, client, invitation, told, reply, bytes: written, to };
  } catch (thrown) {
    if (thrown instanceof DhcpCodecError) return unanswered(`the answer cannot be written: ${thrown.message}`);
    throw thrown;
  }
}
