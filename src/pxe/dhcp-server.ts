import type { RelayWord } from '../booter/relay-word.js';
import { DhcpCodecError } from '../dhcp/codec-error.js';
import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import { ip4, maxPayloadBytes, messageType } from '../dhcp/option-values.js';
import { lookingCard } from '../dhcp/other-servers.js';
import { type DhcpPacket, decodePacket, encodePacket } from '../dhcp/packet.js';
import { PORT } from '../dhcp/ports.js';
import { type ReplyDestination, relayOf, replyDestination } from '../dhcp/reply-destination.js';
import type { LeaseAnswer, LeaseAsk } from '../lease/question.js';
import type { Peer } from '../net/datagram.js';
import { type IpAddress, NO_IP4 } from '../net/ip.js';
import { DROPPABLE_OF_ADDRESS } from './address-options.js';
import type { Answer } from './answer.js';
import { DROPPABLE } from './boot-reply.js';
import { factsOf, type PxeClient, readClient } from './client.js';
import { type Door, whyNotFromHere } from './door.js';
import type { Asked, Exchange, Sent } from './exchange.js';
import { DRAINING, invitedAnswer } from './invited-answer.js';
import { type LeaseDoor, linkOf, readQuestion } from './lease-question.js';
import { type Granted, leaseReply, refusal } from './lease-reply.js';
import type { BootParts } from './proxy-dhcp.js';
import { relayWordOf } from './relay-word.js';

/** A door behind which we give addresses; `cards`: who we are when we look for others, there and at our other interfaces. */
export type ServerDoor = Door & LeaseDoor & { readonly cards: readonly Buffer[] };

/** `served`: our addresses at all interfaces that are served: two of them may be on one network. */
export function serverDoor(door: Door, served: readonly string[] = []): ServerDoor {
  return { ...door, link: linkOf(door), cards: [...new Set([door.address, ...served])].map(lookingCard) };
}

/** What is asked of whoever knows who has which address. */
export type Asking = {
  readonly kind: 'asking';
  readonly ask: LeaseAsk;
  readonly request: DhcpPacket;
  readonly client: PxeClient;
  readonly from: Peer;
  readonly serverId: string;
  /** The server whose offer it takes in place of ours, where both are on this network. */
  readonly other?: IpAddress;
};

/** What is heard at DHCP's port. Pure; never throws for what comes. */
export function readAsking(
  bytes: Buffer,
  from: Peer,
  door: ServerDoor,
): Asking | Extract<Exchange, { kind: 'malformed' | 'ignored' }> {
  const decoded = decodePacket(bytes);
  if (decoded.kind === 'malformed') return decoded;
  const request = decoded.packet;
  // A system that has opened our sockets keeps it for us.
  if (door.cards.some((card) => request.chaddr.equals(card)))
    return { kind: 'ignored', reason: 'it is our own look for other servers' };
  const elsewhere = isFromItsHolder(request, from) ? undefined : whyNotFromHere(request, from, door);
  if (elsewhere !== undefined) return { kind: 'ignored', reason: elsewhere };
  if (request.op === 2) return { kind: 'ignored', reason: 'it is an answer', ...otherOf(request) };
  const client = readClient(request);
  const read = readQuestion(request, client, door, from.address);
  if (read.kind === 'ignored') return { kind: 'ignored', reason: read.reason, ...wordOf(request, from) };
  const { ask, serverId, other } = read;
  const asking = { kind: 'asking', ask, request, client, from, serverId } as const;
  // Who lets a relay send to several servers does so on purpose.
  return other === undefined || relayOf(request) !== undefined ? asking : { ...asking, other };
}

/** Servers answer at a client's port, and at this one to relays (RFC 2131, 4.1): one that has heard of us as such. */
function otherOf({ options }: DhcpPacket): { readonly other?: string } {
  const server = ip4(options.get(OPTION.serverId));
  return server === undefined ? {} : { other: server };
}

/** Of whoever has an address. */
const HOLDERS: ReadonlySet<number | undefined> = new Set([MESSAGE.request, MESSAGE.release, MESSAGE.inform]);

/** Who has an address may renew it from wherever that is (RFC 2131, 4.3.6): what is answered goes back to where it came from. */
function isFromItsHolder({ ciaddr, options }: DhcpPacket, { address }: Peer): boolean {
  return ciaddr !== NO_IP4 && ciaddr === address && HOLDERS.has(messageType(options.get(OPTION.messageType)));
}

/** What becomes of it, by what is known of addresses. Pure but for its parts. Never throws for what came. */
export function serverExchange(asking: Asking, answer: LeaseAnswer, door: ServerDoor, parts: BootParts): Exchange {
  const { request, client, from, serverId } = asking;
  if (answer.kind === 'silent') return { kind: 'ignored', reason: answer.reason, ...wordOf(request, from) };
  if (answer.kind === 'noted') return answer;
  if (answer.kind === 'nak') {
    const sent = written(refusal({ request, reason: answer.reason, serverId }), refusalTo(asking, door), request);
    return 'why' in sent ? { kind: 'ignored', reason: sent.why } : { kind: 'leased', ...sent };
  }
  const to = grantedTo(asking, answer);
  if (client.kind === 'other') {
    const sent = written(leaseReply({ request, granted: answer, serverId }), to, request);
    return 'why' in sent ? { kind: 'ignored', reason: sent.why } : { kind: 'leased', ...sent };
  }
  return booted(asking, { granted: answer, to }, door, parts);
}

/** The renewals of what it boots then are those of a system, and nobody's boot. */
function booted(
  asking: Asking,
  { granted, to }: { readonly granted: Granted; readonly to: ReplyDestination },
  { address }: ServerDoor,
  { invite, offerings }: BootParts,
): Exchange {
  const { request, client, from, serverId } = asking;
  const its = granted.kind === 'informed' ? request.ciaddr : granted.address;
  const invitation = invite(factsOf(client, { ciaddr: its }, relayOf(request) ?? from.address));
  const asked: Asked = { request, client, invitation };
  // What it says that it has is not ours to acknowledge.
  const acknowledged = granted.kind === 'ack' ? { acknowledged: granted.address } : {};
  // It asks again, here or elsewhere; without what it boots by, an address would take it to its disk.
  if (invitation.kind === 'draining') return { kind: 'unanswered', ...asked, reason: DRAINING };
  const told: Answer = invitedAnswer(invitation, client, offerings(address));
  const boot = told.kind === 'silent' ? {} : { boot: { request, client, told, address, step: 'offer' as const } };
  const sent = written(leaseReply({ request, granted, serverId, ...boot }), to, request);
  if ('why' in sent) return { kind: 'unanswered', ...asked, reason: sent.why };
  if (told.kind === 'silent') return { kind: 'unanswered', ...asked, reason: told.reason, sent, ...acknowledged };
  const { reply, bytes } = sent;
  return { kind: 'answered', request, client, invitation, told, reply, bytes, to, ...acknowledged };
}

/** Renewals apart, whoever has no address yet hears broadcasts alone (RFC 2131, 4.1). */
function grantedTo({ request, from }: Asking, { kind }: Granted): ReplyDestination {
  // RFC 2131, 4.3.5: to the client itself, whose address is in a subnet of ours.
  if (kind === 'informed') return { kind: 'unicast', address: request.ciaddr, port: PORT.client };
  return replyDestination({ request, from, servedPort: PORT.server, kind });
}

/** Who renews from behind a router hears no broadcast of ours. */
function refusalTo({ request, from }: Asking, door: ServerDoor): ReplyDestination {
  if (whyNotFromHere(request, from, door) === undefined)
    return replyDestination({ request, from, servedPort: PORT.server, kind: 'nak' });
  return { kind: 'unicast', address: from.address, port: PORT.client };
}

const ALL_DROPPABLE = [...DROPPABLE, ...DROPPABLE_OF_ADDRESS];

function written(reply: DhcpPacket, to: ReplyDestination, request: DhcpPacket): Sent | { readonly why: string } {
  try {
    const maxBytes = maxPayloadBytes(request.options.get(OPTION.maxMessageSize));
    return { reply, bytes: encodePacket(reply, { maxBytes, droppable: ALL_DROPPABLE }), to };
  } catch (thrown) {
    if (thrown instanceof DhcpCodecError) return { why: `the answer cannot be written: ${thrown.message}` };
    throw thrown;
  }
}

/** What a relay lets hear of addresses that others give. */
function wordOf(request: DhcpPacket, from: Peer): { readonly word?: RelayWord } {
  const word = relayWordOf(request, from.address);
  return word === undefined ? {} : { word };
}
