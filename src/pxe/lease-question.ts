import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import { ip4 } from '../dhcp/option-values.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { type RelayAgent, readRelayAgent } from '../dhcp/relay-agent.js';
import { relayOf } from '../dhcp/reply-destination.js';
import { type LeaseClient, MOST_CLIENT_ID_BYTES } from '../lease/client.js';
import type { LeaseAsk, LeaseQuestion } from '../lease/question.js';
import type { Link } from '../lease/subnet.js';
import { type IpAddress, isHostIp4 } from '../net/ip.js';
import type { Writable } from '../writable.js';
import type { PxeClient } from './client.js';
import { askedType, type Door } from './door.js';

/** What a packet asks of whoever gives addresses. */
export type ReadQuestion =
  | {
      readonly kind: 'asks';
      readonly ask: LeaseAsk;
      /** What our answer calls this server: our address, unless a relay stands for us (RFC 5107). */
      readonly serverId: string;
      /** The server whose offer it takes in place of ours. */
      readonly other?: IpAddress;
    }
  | { readonly kind: 'ignored'; readonly reason: string };

/** Where it came in; `link`: our own networks there (`linkOf`). */
export type LeaseDoor = Pick<Door, 'address'> & { readonly link: Link };

/** By our address there, and by the networks that the interface is in: one may have several. */
export function linkOf({ address, subnets }: Pick<Door, 'address' | 'subnets'>): Link {
  return [...new Set([address as IpAddress, ...subnets.map((subnet) => subnet.address)])];
}

/** RFC 2131, 4.3 and table 5. Pure. */
export function readQuestion(request: DhcpPacket, client: PxeClient, door: LeaseDoor, from: string): ReadQuestion {
  const type = askedType(request);
  if (typeof type === 'string') return ignored(type);
  const relay = relayOf(request);
  const agent = relay === undefined ? undefined : readRelayAgent(request.options.get(OPTION.relayAgent));
  const serverId = agent?.serverIdOverride ?? door.address;
  const question = questionOf(type, request, serverId);
  if (typeof question === 'string') return ignored(question);
  if (relay === undefined && isOfItsHolder(question) && question.address !== from)
    return ignored(`it is about ${question.address}, and comes from ${from}`);
  const link = relay === undefined ? ownLink(question, door) : [relayedLink(request, relay as IpAddress, agent)];
  // Spread for each kind: what is written for none in particular takes V8 longer.
  const ask: LeaseAsk = {
    ...question,
    client: leaseClient(request, client),
    link,
    ...(relay !== undefined && { via: { relay: relay as IpAddress, from: from as IpAddress } }),
  };
  const other = question.kind === 'select' && !question.isOurs ? ip4(request.options.get(OPTION.serverId)) : undefined;
  return other === undefined ? { kind: 'asks', ask, serverId } : { kind: 'asks', ask, serverId, other };
}

/** By which its form shows what it wants; a text says why it wants nothing that can be given. */
function questionOf(type: number, request: DhcpPacket, serverId: string): LeaseQuestion | string {
  const wanted = hostAddress(ip4(request.options.get(OPTION.requestedAddress)));
  const own = hostAddress(request.ciaddr as IpAddress);
  switch (type) {
    case MESSAGE.discover:
      return wanted === undefined ? { kind: 'discover' } : { kind: 'discover', wanted };
    case MESSAGE.request:
      return requestOf(request, { wanted, own }, serverId);
    case MESSAGE.decline:
      return forUs(request, serverId) ?? about('decline', wanted);
    case MESSAGE.release:
      // It is sent to its server alone; systemd 252 does not say which that is.
      return forUs(request, serverId, { unlessNamed: true }) ?? about('release', own);
    case MESSAGE.inform:
      return about('inform', own);
    default:
      return `its message type ${type} is none that a client asks for an address with`;
  }
}

type Addresses = { readonly wanted: IpAddress | undefined; readonly own: IpAddress | undefined };

/** RFC 2131, 4.3.2. Some clients name the server, or repeat the address, when they renew: what is in use counts. */
function requestOf(request: DhcpPacket, { wanted, own }: Addresses, serverId: string): LeaseQuestion | string {
  if (own !== undefined) return forUs(request, serverId, { unlessNamed: true }) ?? { kind: 'extend', address: own };
  if (wanted === undefined) return 'it is a REQUEST that says no address';
  const named = request.options.get(OPTION.serverId);
  if (named === undefined) return { kind: 'reboot', address: wanted };
  return { kind: 'select', address: wanted, isOurs: ip4(named) === serverId };
}

/** Why it is not: who declines or gives back is to say which server it has the address from (RFC 2131, table 5). */
function forUs({ options }: DhcpPacket, serverId: string, { unlessNamed = false } = {}): string | undefined {
  const named = options.get(OPTION.serverId);
  if (named === undefined) return unlessNamed ? undefined : 'it does not say which server it is for';
  const server = ip4(named);
  return server === serverId ? undefined : `it is for the server ${server ?? 'of no address'}`;
}

function about(kind: 'decline' | 'release' | 'inform', address: IpAddress | undefined): LeaseQuestion | string {
  return address === undefined ? `it says no address that it ${VERBS[kind]}` : { kind, address };
}

const VERBS = { decline: 'declines', release: 'gives back', inform: 'has' } as const;

/** Of a name in DNS. */
const MAX_HOSTNAME = 253;

function leaseClient({ options }: DhcpPacket, { mac, uuid, hostname }: PxeClient): LeaseClient {
  const clientId = options.get(OPTION.clientId);
  const client: Writable<LeaseClient> = {};
  if (mac !== undefined) client.mac = mac;
  // RFC 2132, 9.14: a type, and something.
  if (clientId !== undefined && clientId.length > 1 && clientId.length <= MOST_CLIENT_ID_BYTES)
    client.clientId = clientId.toString('hex');
  if (uuid !== undefined) client.uuid = uuid;
  if (hostname !== undefined) client.hostname = hostname.slice(0, MAX_HOSTNAME);
  return client;
}

/** RFC 3527 before RFC 3011 before the relay's own address. */
function relayedLink({ options }: DhcpPacket, relay: IpAddress, agent: RelayAgent | undefined): IpAddress {
  const chosen = hostAddress(agent?.linkSelection) ?? hostAddress(ip4(options.get(OPTION.subnetSelection)));
  return chosen ?? relay;
}

/** Who says it has the address that it sends from (RFC 2131, table 5): nobody speaks for another's. */
function isOfItsHolder(question: LeaseQuestion): question is Extract<LeaseQuestion, { kind: 'release' | 'inform' }> {
  return question.kind === 'release' || question.kind === 'inform';
}

/** Who has an address may be behind a router, which its own address alone tells. */
function ownLink(question: LeaseQuestion, { link }: LeaseDoor): Link {
  return question.kind === 'extend' || isOfItsHolder(question) ? [question.address] : link;
}

function hostAddress(address: IpAddress | undefined): IpAddress | undefined {
  return address !== undefined && isHostIp4(address) ? address : undefined;
}

function ignored(reason: string): ReadQuestion {
  return { kind: 'ignored', reason };
}
