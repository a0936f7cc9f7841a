import { type IpAddress, parseIp } from '../net/ip.js';
import { ip4NumberOf, ip4Of } from '../net/ip4-number.js';

/** Addresses that follow one another, with both ends. */
export type AddressRange = { readonly first: IpAddress; readonly last: IpAddress };

/** `192.168.77.100-192.168.77.199`, or one address; undefined where it is none, or ends before it begins. IPv4 alone. Pure. */
export function parseRange(text: string): AddressRange | undefined {
  const [from = '', to = from, ...rest] = text.split('-').map((part) => part.trim());
  const [first, last] = [parseIp(from), parseIp(to)];
  if (rest.length > 0 || first === undefined || last === undefined) return undefined;
  const [low, high] = [ip4NumberOf(first), ip4NumberOf(last)];
  return low === undefined || high === undefined || low > high ? undefined : { first, last };
}

/** As it is written. */
export function formatRange({ first, last }: AddressRange): string {
  return first === last ? first : `${first}-${last}`;
}

export function rangeSize({ first, last }: AddressRange): number {
  return numberOf(last) - numberOf(first) + 1;
}

export function rangeHolds({ first, last }: AddressRange, address: IpAddress): boolean {
  const number = ip4NumberOf(address);
  return number !== undefined && number >= numberOf(first) && number <= numberOf(last);
}

/** The one at that place, from 0, of all ranges together; undefined behind the last. */
export function nthAddress(ranges: readonly AddressRange[], place: number): IpAddress | undefined {
  let left = place;
  for (const range of ranges) {
    const size = rangeSize(range);
    if (left < size) return ip4Of(numberOf(range.first) + left);
    left -= size;
  }
  return undefined;
}

function numberOf(address: IpAddress): number {
  const number = ip4NumberOf(address);
  if (number === undefined) throw new RangeError(`${address} is no IPv4 address`);
  return number;
}
