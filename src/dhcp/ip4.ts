import type { IpAddress } from '../net/ip.js';
import { DhcpCodecError } from './codec-error.js';

/** The four bytes there, as a dotted quad. */
export function ip4At(bytes: Buffer, at: number): IpAddress {
  const value = bytes.readUInt32BE(at);
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as IpAddress;
}

/** Four bytes of a dotted quad, as a number. Throws at anything else: what sockets and configurations say is parsed before. */
export function ip4Number(text: string): number {
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === 0x2e && digits > 0) {
      value = value * 256 + part;
      part = 0;
      digits = 0;
      dots += 1;
    } else if (character >= 0x30 && character <= 0x39 && digits < 3) {
      part = part * 10 + character - 0x30;
      digits += 1;
    } else return refuse(text);
    if (part > 255) return refuse(text);
  }
  return dots === 3 && digits > 0 ? value * 256 + part : refuse(text);
}

function refuse(text: string): never {
  throw new DhcpCodecError(`${JSON.stringify(text.slice(0, 64))} is no IPv4 address`);
}
