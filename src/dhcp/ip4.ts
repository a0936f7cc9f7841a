import type { IpAddress } from '../net/ip.js';
import { ip4NumberOf, ip4Of } from '../net/ip4-number.js';
import { DhcpCodecError } from './codec-error.js';

/** The four bytes there, as a dotted quad. */
export function ip4At(bytes: Buffer, at: number): IpAddress {
  return ip4Of(bytes.readUInt32BE(at));
}

/** Four bytes of a dotted quad, as a number. Throws at anything else: what sockets and configurations say is parsed before. */
export function ip4Number(text: string): number {
  return ip4NumberOf(text) ?? refuse(text);
}

function refuse(text: string): never {
  throw new DhcpCodecError(`${JSON.stringify(text.slice(0, 64))} is no IPv4 address`);
}
