import type { IpAddress, Subnet } from './ip.js';

/** IPv4 addresses as the numbers of 32 bits that they are, for whoever counts them, or writes them. */

/** Of a dotted quad; undefined for anything else. By hand, since it is asked several times for each packet. */
export function ip4NumberOf(text: string): number | undefined {
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
    } else return undefined;
    if (part > 255) return undefined;
  }
  return dots === 3 && digits > 0 ? value * 256 + part : undefined;
}

export function ip4Of(value: number): IpAddress {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as IpAddress;
}

/** The numbers of the first and of the last address of a subnet; undefined for IPv6. Pure. */
export function ip4Bounds({ address, prefixLength }: Subnet): readonly [first: number, last: number] | undefined {
  const first = ip4NumberOf(address);
  return first === undefined ? undefined : [first, first + 2 ** (32 - prefixLength) - 1];
}
