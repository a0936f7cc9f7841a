import ipaddr from 'ipaddr.js';

declare const ipBrand: unique symbol;

/** An IPv4 or IPv6 address in canonical spelling (RFC 5952), without a zone. */
export type IpAddress = string & { readonly [ipBrand]: true };

/** A subnet: `10.1.0.0/16`, the host bits cleared; a single address has the full prefix length. */
export type Subnet = { readonly address: IpAddress; readonly prefixLength: number };

/** Of whoever has no address yet: where a machine sends from, and what a packet says in its place (RFC 1122, 3.2.1.3). */
export const NO_IP4 = '0.0.0.0';
/** All on the network (RFC 919, 7). */
export const BROADCAST_IP4 = '255.255.255.255';

/** undefined unless it is a dotted quad or an IPv6 address; IPv4-mapped IPv6 (`::ffff:10.0.0.1`) becomes IPv4. */
export function parseIp(text: string): IpAddress | undefined {
  const bare = text.split('%')[0] ?? '';
  const parsed = parse(bare);
  return parsed === undefined ? undefined : canonical(parsed);
}

/** The same of IPv4 alone. */
export function parseIp4(text: string): IpAddress | undefined {
  const ip = parseIp(text);
  return ip !== undefined && isIp4(ip) ? ip : undefined;
}

export function isIp4(address: IpAddress): boolean {
  return !address.includes(':');
}

/** IPv4 as sockets for both families have it (`::ffff:10.0.0.1`), as it is written otherwise; anything else stays as it is. */
export function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') ? (parseIp(address) ?? address) : address;
}

/** `10.1.0.0/16`, or one address. */
export function parseSubnet(text: string): Subnet | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  const address = parse(addressText);
  if (address === undefined || rest.length > 0) return undefined;
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (lengthText === undefined) return { address: canonical(address), prefixLength: bits };
  return /^\d{1,3}$/.test(lengthText) ? around(address, Number(lengthText)) : undefined;
}

/** The subnet of that size around an address; undefined when its family has no such size. */
export function subnetOf(ip: IpAddress, prefixLength: number): Subnet | undefined {
  return around(ipaddr.parse(ip), prefixLength);
}

function around(address: Parsed, prefixLength: number): Subnet | undefined {
  if (prefixLength > (address.kind() === 'ipv4' ? 32 : 128)) return undefined;
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address.toString()}/${prefixLength}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${prefixLength}`);
  return { address: canonical(network), prefixLength };
}

/** `10.1.0.0/16` */
export function formatSubnet({ address, prefixLength }: Subnet): string {
  return `${address}/${prefixLength}`;
}

export function subnetHolds(subnet: Subnet, ip: IpAddress): boolean {
  const [network, address] = [ipaddr.parse(subnet.address), ipaddr.parse(ip)];
  return network.kind() === address.kind() && address.match(network, subnet.prefixLength);
}

/** Whether an address may be in both: one holds the other then. */
export function subnetsMeet(one: Subnet, other: Subnet): boolean {
  return subnetHolds(one, other.address) || subnetHolds(other, one.address);
}

/** By which everybody in it is reached (RFC 919); undefined where there is none: of IPv6, and of two addresses or one (RFC 3021). */
export function broadcastOf({ address, prefixLength }: Subnet): IpAddress | undefined {
  if (prefixLength > 30 || ipaddr.parse(address).kind() === 'ipv6') return undefined;
  return canonical(ipaddr.IPv4.broadcastAddressFromCIDR(`${address}/${prefixLength}`));
}

export function isLoopback(ip: IpAddress): boolean {
  return ipaddr.parse(ip).range() === 'loopback';
}

/** Whether a machine can have it: IPv4, and neither 0/8 nor multicast and above (RFC 1122, 3.2.1.3). */
export function isHostIp4(address: string): boolean {
  // Asked for each packet: to read its first number takes longer than this, and most are this.
  if (address === NO_IP4 || address.includes(':')) return false;
  const first = Number(address.slice(0, address.indexOf('.')));
  return first > 0 && first < 224;
}

export function isLinkLocal(ip: IpAddress): boolean {
  return ipaddr.parse(ip).range() === 'linkLocal';
}

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;

function parse(text: string): Parsed | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function canonical(address: Parsed): IpAddress {
  return address.toString() as IpAddress;
}
