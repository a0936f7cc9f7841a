import type { Invitation } from '../booter/invitation.js';
import { NO_ASSIGNMENT } from '../booter/preparation.js';
import type { RelayWord } from '../booter/relay-word.js';
import { DhcpCodecError } from '../dhcp/codec-error.js';
import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import { ip4, maxPayloadBytes, messageType } from '../dhcp/option-values.js';
import { type DhcpPacket, decodePacket, encodePacket } from '../dhcp/packet.js';
import { PORT } from '../dhcp/ports.js';
import { readRelayAgent } from '../dhcp/relay-agent.js';
import { type ReplyDestination, relayOf, replyDestination } from '../dhcp/reply-destination.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Peer } from '../net/datagram.js';
import { NO_IP4, parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import { answerTo, type Offerings } from './answer.js';
import { bootReply, DROPPABLE, type Told } from './boot-reply.js';
import { factsOf, type PxeClient, readClient } from './client.js';
import { relayWordOf } from './relay-word.js';

/** Where a datagram came in: at DHCP's port, or at the one of PXE boot servers. */
export type Door = {
  readonly step: 'offer' | 'ack';
  /** Ours there. */
  readonly address: string;
  /** Of the networks behind it; none where they are not known. */
  readonly subnets: readonly Subnet[];
};

export type ProxyDhcpParts = {
  readonly invite: (facts: MachineFacts) => Invitation;
  /** What there is to be given at one of our addresses. */
  readonly offerings: (address: string) => Offerings;
};

/** What became of a datagram. */
export type Exchange =
  /** It is no packet of DHCP. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** It is not for a proxy, or not from a machine that asks to be booted. */
  | { readonly kind: 'ignored'; readonly reason: string; readonly word?: RelayWord }
  | ({ readonly kind: 'unanswered'; readonly reason: string } & Asked)
  | ({ readonly kind: 'answered'; readonly told: Told; readonly reply: DhcpPacket } & Asked & Sent);

/** Who asked. */
export type Asked = { readonly request: DhcpPacket; readonly client: PxeClient; readonly invitation: Invitation };

type Sent = { readonly bytes: Buffer; readonly to: ReplyDestination };

/** By which number it is known; tests have others. */
const DOOR_PORT = { offer: PORT.server, ack: PORT.bootServer } as const;
/** More than any network has (RFC 1542, 4.1.1): the packet goes in a circle. */
const MAX_HOPS = 16;

/**
 * The second server beside the one that gives addresses (PXE 2.1, 2.2): offers to machines that ask to be booted, and
 * acknowledges at the boot server's port. Pure but for its parts. Never throws for what comes.
 */
export function proxyExchange(bytes: Buffer, from: Peer, door: Door, parts: ProxyDhcpParts): Exchange {
  const decoded = decodePacket(bytes);
  if (decoded.kind === 'malformed') return decoded;
  const request = decoded.packet;
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
function whyNotOurs({ op, hops, options }: DhcpPacket, { step }: Door): string | undefined {
  if (op !== 1) return 'it is an answer';
  if (hops > MAX_HOPS) return `it came over ${hops} relays`;
  const type = messageType(options.get(OPTION.messageType));
  if (type === undefined) return 'it is of BOOTP';
  const isOurs = step === 'offer' ? type === MESSAGE.discover : type === MESSAGE.request || type === MESSAGE.inform;
  return isOurs ? undefined : `its message type ${type} is not for a proxy at this port`;
}

/** At the boot server's port EDK2 was seen to name no server, and iPXE names the one of the offer (src/net/udp/dhcp.c). */
function whyNotForUs({ options }: DhcpPacket, { step, address }: Door): string | undefined {
  const named = step === 'ack' ? ip4(options.get(OPTION.serverId)) : undefined;
  return named === undefined || named === address ? undefined : `it is for the server ${named}`;
}

/** A broadcast is answered by one: nobody elsewhere is to make us fill this network, or to speak for the machines on it. */
function whyNotFromHere(request: DhcpPacket, from: Peer, { step, subnets }: Door): string | undefined {
  if (step === 'ack' || relayOf(request) !== undefined || from.address === NO_IP4) return undefined;
  const ip = parseIp(from.address);
  const isHere = subnets.length === 0 || (ip !== undefined && subnets.some((subnet) => subnetHolds(subnet, ip)));
  return isHere ? undefined : 'it comes from another network, and over no relay';
}

function answered(asked: Asked, from: Peer, door: Door, { offerings }: ProxyDhcpParts): Exchange {
  const { request, client, invitation } = asked;
  const unanswered = (reason: string) => ({ kind: 'unanswered', request, client, invitation, reason }) as const;
  if (invitation.kind === 'unmapped') return unanswered(NO_ASSIGNMENT);
  if (invitation.kind === 'draining') return unanswered('the server is about to end');
  // All others have a screen, and a program that leaves them to their disk: UEFI HTTP Boot knows no other no than silence.
  if (invitation.kind === 'local' && client.kind === 'http') return unanswered(invitation.reason);
  const told = answerTo(client, offerings(door.address));
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
