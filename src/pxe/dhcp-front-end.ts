import type { Booter } from '../booter/booter.js';
import type { DhcpAsked, DhcpTold } from '../booter/dhcp-step.js';
import type { Leases } from '../booter/leases.js';
import { CHADDR } from '../dhcp/header.js';
import { OPTION } from '../dhcp/option-code.js';
import { readRelayAgent } from '../dhcp/relay-agent.js';
import { type ReplyDestination, relayOf } from '../dhcp/reply-destination.js';
import type { DatagramHandler, DatagramPort, Peer } from '../net/datagram.js';
import { BROADCAST_IP4 } from '../net/ip.js';
import { TokenBuckets } from '../net/token-buckets.js';
import type { Writable } from '../writable.js';
import type { Told } from './boot-options.js';
import { describeClient, firmwaresOf, platformOf } from './client.js';
import type { Door } from './door.js';
import type { Exchange, Sent } from './exchange.js';
import { type BootParts, proxyExchange } from './proxy-dhcp.js';
import { Relays } from './relays.js';
import { type Finish, serverHandler } from './server-handler.js';

export type DhcpFrontEndParts = {
  readonly booter: Booter;
  /** Where we give addresses. */
  readonly leases?: Pick<Leases, 'answer'> | undefined;
  /** Our addresses at all interfaces that are served. */
  readonly served: readonly string[];
  readonly offerings: BootParts['offerings'];
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
  /** An answer took so long. */
  readonly answered?: (milliseconds: number) => void;
};

/** Of one hardware address at one source: firmware asks a handful of times in a minute, in each of a boot's two or three rounds. */
const LIMITS = { burst: 30, perSecond: 5 };

/** Of the field by which a packet says whose it is. */
const CHADDR_END = CHADDR.at + CHADDR.bytes;

/** Answers what comes in at a port, and tells of it. Whoever repeats one hardware address is slowed down, and nobody else. */
export function dhcpFrontEnd({ booter, leases, served, offerings, ticks, answered }: DhcpFrontEndParts) {
  const buckets = new TokenBuckets(LIMITS);
  const parts: BootParts = { invite: (facts) => booter.dhcp.invite(facts), offerings };
  const server = leases && serverHandler({ booter, leases, served, parts, ticks });

  return (port: Pick<DatagramPort, 'send'>, door: Door): DatagramHandler => {
    const relays = new Relays(door);
    const whyNot = (to: ReplyDestination, from: Peer) => relays.whyNot(to, from, ticks());
    const finish: Finish = (exchange, from, { send, began }) => {
      const sent = sentOf(exchange);
      if (sent !== undefined) {
        send(sent.bytes, peerOf(sent.to));
        answered?.(ticks() - began);
      }
      tell(booter, exchange, from, door);
    };
    const answer = (exchange: Exchange, from: Peer, began: number) => {
      const sent = sentOf(exchange);
      const reason = sent && whyNot(sent.to, from);
      if (reason === undefined) finish(exchange, from, { send: now, began });
      else booter.dhcp.dropped(from.address, reason);
    };
    const now: DatagramPort['send'] = (bytes, to) => port.send(bytes, to);
    // The boot server's port knows no addresses but those that machines come with.
    const serve = door.step === 'offer' ? server?.(port, door, { finish, whyNot }) : undefined;
    const handle = serve ?? ((bytes, from, began) => answer(proxyExchange(bytes, from, door, parts), from, began));
    return (bytes, from) => {
      // With whom it comes from: who is elsewhere cannot use up what a machine has here by naming its hardware address.
      const key = `${bytes.toString('latin1', CHADDR.at, CHADDR_END)} ${from.address}`;
      const began = ticks();
      if (buckets.take(key, began)) handle(bytes, from, began);
      else booter.dhcp.dropped(from.address, 'its hardware address asks too often');
    };
  };
}

function sentOf(exchange: Exchange): Pick<Sent, 'bytes' | 'to'> | undefined {
  if (exchange.kind === 'answered' || exchange.kind === 'leased') return exchange;
  return exchange.kind === 'unanswered' ? exchange.sent : undefined;
}

function tell(booter: Booter, exchange: Exchange, from: Peer, door: Door): void {
  const { dhcp } = booter;
  switch (exchange.kind) {
    case 'leased':
    case 'noted':
      // Told by whoever gives addresses.
      break;
    case 'malformed':
      dhcp.dropped(from.address, exchange.reason);
      break;
    case 'ignored':
      if (exchange.word !== undefined) booter.heard(exchange.word);
      dhcp.dropped(from.address, exchange.reason);
      break;
    case 'unanswered':
      // It was told when it was offered the address.
      if (exchange.acknowledged === undefined)
        dhcp.unanswered(exchange.invitation, askedOf(exchange, door), exchange.reason);
      break;
    case 'answered':
      if (exchange.acknowledged === undefined)
        dhcp.answered(exchange.invitation, askedOf(exchange, door), toldOf(exchange, door));
      else dhcp.acknowledged(exchange.invitation, exchange.acknowledged);
  }
}

function askedOf(
  { client, request }: Extract<Exchange, { kind: 'answered' | 'unanswered' }>,
  { step }: Door,
): DhcpAsked {
  const asked: Writable<DhcpAsked> = { client: describeClient(client), step };
  const firmware = client.kind === 'ipxe' ? undefined : firmwaresOf(client)?.[0];
  if (client.mac !== undefined) asked.mac = client.mac;
  if (firmware !== undefined) asked.firmware = firmware;
  const platform = firmware === undefined ? undefined : platformOf(client);
  if (platform !== undefined) asked.platform = platform;
  const relay = relayOf(request);
  if (relay === undefined) return asked;
  asked.relay = relay;
  const said = readRelayAgent(request.options.get(OPTION.relayAgent));
  if (said?.circuitId !== undefined) asked.circuitId = said.circuitId;
  if (said?.remoteId !== undefined) asked.remoteId = said.remoteId;
  return asked;
}

function toldOf({ request, told }: Extract<Exchange, { kind: 'answered' }>, door: Door): DhcpTold {
  const answered: Writable<DhcpTold> = { answer: describeTold(told, door.address), xid: request.xid };
  if (told.kind !== 'script') answered.loader = told.kind === 'loader' ? told.file : told.url;
  return answered;
}

/** `snponly.efi by TFTP from 192.168.77.1` */
export function describeTold(told: Told, address: string): string {
  return told.kind === 'loader' ? `${told.file} by TFTP from ${address}` : told.url;
}

function peerOf(to: ReplyDestination): Peer {
  return { address: to.kind === 'broadcast' ? BROADCAST_IP4 : to.address, port: to.port };
}
