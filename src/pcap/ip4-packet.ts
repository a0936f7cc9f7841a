import { ip4Of } from '../net/ip4-number.js';

/** IPv4 (RFC 791), as far as it is in the capture. */
export type Ip4Packet = {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly payload: Buffer;
  /** Bytes of it that the capture left out. */
  readonly missing: number;
  readonly id: number;
  /** In bytes; 0 in what is no fragment, and in the first. */
  readonly offset: number;
  readonly hasMore: boolean;
};

/** IANA, Protocol Numbers. */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const;

const MIN_BYTES = 20;
const MORE_FRAGMENTS = 0x2000;

/** undefined for what is none. Pure; never throws. */
export function decodeIp4(bytes: Buffer): Ip4Packet | undefined {
  if (bytes.length < MIN_BYTES || bytes.readUInt8(0) >> 4 !== 4) return undefined;
  const header = (bytes.readUInt8(0) & 0x0f) * 4;
  if (header < MIN_BYTES || bytes.length < header) return undefined;
  // Cards that cut large packets for their host leave the length empty.
  const total = bytes.readUInt16BE(2) || bytes.length;
  if (total < header) return undefined;
  const fragment = bytes.readUInt16BE(6);
  return {
    from: ip4Of(bytes.readUInt32BE(12)),
    to: ip4Of(bytes.readUInt32BE(16)),
    protocol: bytes.readUInt8(9),
    // Short frames are padded.
    payload: bytes.subarray(header, total),
    missing: Math.max(0, total - bytes.length),
    id: bytes.readUInt16BE(4),
    offset: (fragment & 0x1fff) * 8,
    hasMore: (fragment & MORE_FRAGMENTS) !== 0,
  };
}
