import type { IpAddress, Subnet } from './ip.js';

/** IPv4 addresses as the numbers of 32 bits that they are, for whoever counts them. */

/** undefined for IPv6. */
export function ip4NumberOf(ip: IpAddress): number | undefined {
  if (ip.includes(':')) return undefined;
  let number = 0;
  for (const part of ip.split('.')) number = number * 256 + Number(part);
  return number;
}

export function ip4Of(number: number): IpAddress {
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 0xff).join('.') as IpAddress;
}

/** The numbers of the first and of the last address of a subnet; undefined for IPv6. Pure. */
export function ip4Bounds({ address, prefixLength }: Subnet): readonly [first: number, last: number] | undefined {
  const first = ip4NumberOf(address);
  return first === undefined ? undefined : [first, first + 2 ** (32 - prefixLength) - 1];
}
