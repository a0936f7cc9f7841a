import { type IpAddress, parseIp } from './ip.js';
import { isJunkMac, type MacAddress, parseMac } from './mac.js';

/** Whose hardware address answers for an address on the networks of this host. */
export interface Neighbours {
  /** To be asked for soon. */
  look(address: string): void;
  /** Looks first, unless that was done a moment ago. Never throws. */
  find(address: string): Promise<MacAddress | undefined>;
  /** As of the last look; undefined for whoever is behind a router, too. */
  macAt(address: string): MacAddress | undefined;
}

/** Linux's flag of an entry that has been answered for (`ATF_COM`, if_arp.h). */
const COMPLETE = 0x02;

/** `/proc/net/arp`: a heading, then a line for each: address, type, flags, hardware address, mask, device. IPv4 alone. */
export function parseArpTable(text: string): ReadonlyMap<IpAddress, MacAddress> {
  const found = new Map<IpAddress, MacAddress>();
  for (const line of text.split('\n').slice(1)) {
    const [addressText = '', , flags = '', macText = ''] = line.split(/\s+/);
    const [address, mac] = [parseIp(addressText), parseMac(macText)];
    const isComplete = (Number(flags) & COMPLETE) !== 0;
    if (address !== undefined && mac !== undefined && isComplete && !isJunkMac(mac)) found.set(address, mac);
  }
  return found;
}
