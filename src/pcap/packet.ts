import type { Peer } from '../net/datagram.js';
import { Fragments } from './fragments.js';
import type { Frame } from './frame.js';
import { decodeIp4, type Ip4Packet, PROTOCOL } from './ip4-packet.js';
import { carriedBy, ETHER_TYPE, isKnownLink } from './link-layer.js';

type Way = { readonly from: Peer; readonly to: Peer };

/** What a packet is to whoever looks for what machines boot by. */
export type Packet =
  /** `missing`: bytes of it that the capture left out. */
  | (Way & { readonly kind: 'udp'; readonly payload: Buffer; readonly missing: number })
  | (Way & { readonly kind: 'tcp'; readonly flags: TcpFlags; readonly payload: Buffer; readonly missing: number })
  /** `to` cannot be had there, says `by` (ICMP, RFC 792): of a datagram or a connection of `from`. */
  | (Way & { readonly kind: 'unreachable'; readonly by: string; readonly code: number })
  | { readonly kind: 'other'; readonly why: OtherPacket };

type TcpFlags = { readonly syn: boolean; readonly ack: boolean; readonly fin: boolean; readonly rst: boolean };

/** `link`: of a kind of capture that is not known; `piece`: of a packet that is not all there. */
type OtherPacket = 'link' | 'ip6' | 'piece' | 'other';

const UNREACHABLE = 3;

/** Reads packets, and puts together what came in pieces. Never throws for what comes. */
export class PacketReader {
  readonly #fragments = new Fragments();

  /** Packets whose fragments were not all there. */
  get lostFragments(): number {
    return this.#fragments.lost;
  }

  read(frame: Pick<Frame, 'link' | 'bytes'>): Packet {
    const carried = carriedBy(frame);
    if (carried === undefined) return other(isKnownLink(frame.link) ? 'other' : 'link');
    if (carried.type === ETHER_TYPE.ip6) return other('ip6');
    const packet = carried.type === ETHER_TYPE.ip4 ? decodeIp4(carried.bytes) : undefined;
    if (packet === undefined) return other('other');
    const isPiece = packet.offset > 0 || packet.hasMore;
    const whole = isPiece ? this.#fragments.add(packet) : packet;
    return whole === undefined ? other('piece') : carriedIn(whole);
  }
}

function other(why: OtherPacket): Packet {
  return { kind: 'other', why };
}

function carriedIn(packet: Ip4Packet): Packet {
  switch (packet.protocol) {
    case PROTOCOL.udp:
      return udp(packet);
    case PROTOCOL.tcp:
      return tcp(packet);
    case PROTOCOL.icmp:
      return icmp(packet);
    default:
      return other('other');
  }
}

function wayOf({ from, to }: Ip4Packet, ports: Buffer): Way {
  return {
    from: { address: from, port: ports.readUInt16BE(0) },
    to: { address: to, port: ports.readUInt16BE(2) },
  };
}

const UDP_HEADER = 8;

/** RFC 768. */
function udp(packet: Ip4Packet): Packet {
  const { payload } = packet;
  if (payload.length < UDP_HEADER) return other('other');
  const length = payload.readUInt16BE(4);
  const end = length < UDP_HEADER ? payload.length : length;
  const missing = Math.max(0, end - payload.length);
  return { kind: 'udp', ...wayOf(packet, payload), payload: payload.subarray(UDP_HEADER, end), missing };
}

const TCP_HEADER = 20;

/** RFC 9293, 3.1. */
function tcp(packet: Ip4Packet): Packet {
  const { payload, missing } = packet;
  if (payload.length < TCP_HEADER) return other('other');
  const header = (payload.readUInt8(12) >> 4) * 4;
  if (header < TCP_HEADER) return other('other');
  const bits = payload.readUInt8(13);
  const has = (bit: number) => (bits & bit) !== 0;
  const flags = { fin: has(0x01), syn: has(0x02), rst: has(0x04), ack: has(0x10) };
  return { kind: 'tcp', ...wayOf(packet, payload), flags, payload: payload.subarray(header), missing };
}

/** It brings back what it is about: a header of IP, and the ports. */
function icmp({ from: by, payload }: Ip4Packet): Packet {
  if (payload.length < 8 || payload.readUInt8(0) !== UNREACHABLE) return other('other');
  const about = decodeIp4(payload.subarray(8));
  if (about === undefined || about.payload.length < 4 || about.offset > 0) return other('other');
  return { kind: 'unreachable', ...wayOf(about, about.payload), by, code: payload.readUInt8(1) };
}
