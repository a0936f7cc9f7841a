import { type IpAddress, NO_IP4 } from '../net/ip.js';
import { ip4Number } from './ip4.js';
import { MESSAGE, OPTION } from './option-code.js';
import { ip4, messageType } from './option-values.js';
import { type DhcpPacket, decodePacket } from './packet.js';
import { BROADCAST_FLAG } from './reply-destination.js';

/** One that has offered us an address. */
export type OtherServer = {
  /** What it calls itself. */
  readonly server: IpAddress;
  /** Where its offer came from: another address, where one stands for the other. */
  readonly from: string;
};

/** An address of nobody's, as its second bit says (IEEE 802); the rest is told apart by our own address. */
const MADE_UP = [0x02, 0x62];
const ETHERNET = { htype: 1, hlen: 6 };

/** Who we are when we look: always the same, so that no server has more than one address offered in vain. */
export function lookingCard(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  Buffer.from(MADE_UP).copy(bytes);
  bytes.writeUInt32BE(ip4Number(address), MADE_UP.length);
  return bytes;
}

/** What every server answers that gives addresses: a DISCOVER, which wants its answer broadcast. */
export function lookingDiscover({ address, xid }: { readonly address: string; readonly xid: number }): DhcpPacket {
  const addresses = { ciaddr: NO_IP4, yiaddr: NO_IP4, siaddr: NO_IP4, giaddr: NO_IP4 };
  return {
    ...{ op: 1, ...ETHERNET, hops: 0, xid, secs: 0, flags: BROADCAST_FLAG, ...addresses, sname: '', file: '' },
    chaddr: lookingCard(address),
    options: new Map([
      [OPTION.messageType, Buffer.of(MESSAGE.discover)],
      [OPTION.parameterRequestList, Buffer.of(OPTION.subnetMask, OPTION.routers)],
    ]),
  };
}

/** `address`: ours where it is looked; `ours`: those elsewhere, by which we may answer ourselves. */
export type Look = { readonly address: string; readonly xid: number; readonly ours: readonly string[] };

/** Of an answer to it; undefined for anything else, and for the offer of a proxy, which gives no address. Never throws. */
export function readOtherServer(bytes: Buffer, from: string, look: Look): OtherServer | undefined {
  const offer = offerTo(bytes, from, look);
  return offer === undefined || offer.packet.yiaddr === NO_IP4 ? undefined : { server: offer.server, from };
}

/** Another's offer to whoever looks, and whose it is; undefined for anything else. Pure; never throws. */
export function offerTo(
  bytes: Buffer,
  from: string,
  { address, xid, ours }: Look,
): (OtherServer & { readonly packet: DhcpPacket }) | undefined {
  const decoded = decodePacket(bytes);
  if (decoded.kind === 'malformed') return undefined;
  const { packet } = decoded;
  const isAnswer = packet.op === 2 && packet.xid === xid && packet.chaddr.equals(lookingCard(address));
  if (!isAnswer || messageType(packet.options.get(OPTION.messageType)) !== MESSAGE.offer) return undefined;
  const server = ip4(packet.options.get(OPTION.serverId));
  return server === undefined || [address, ...ours].includes(server) ? undefined : { server, from, packet };
}
