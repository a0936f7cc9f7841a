import { OPTION } from '../dhcp/option-code.js';
import { ip4, ip4s, text } from '../dhcp/option-values.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { readSuboptions, type Suboptions } from '../dhcp/suboptions.js';
import { NO_IP4 } from '../net/ip.js';
import type { Writable } from '../writable.js';

/** What an OFFER or an ACK says, as the clients see it that choose among several. */
export type HeardOffer = {
  /** Option 54; missing where it says none. */
  readonly server?: string;
  /** The address that it gives; missing in that of a proxy (PXE 2.1, 2.2). */
  readonly address?: string;
  /** siaddr: who has the file. */
  readonly next?: string;
  /** Option 67, else the field `file`. */
  readonly file?: string;
  /** By option 60. */
  readonly class?: 'pxe' | 'http';
  /** Of option 43, where its class is PXE's; missing without one that says how to boot. */
  readonly discovery?: Discovery;
  /** Option 6 is there. */
  readonly hasDns: boolean;
};

/** Of option 43 (PXE 2.1, tables 2-1 and 2-3). */
type Discovery = {
  /** Sub-option 6, bit 3: the file is loaded at once, without menu and discovery. */
  readonly isDirect: boolean;
  readonly hasMenu: boolean;
  /** The first boot server of sub-option 8. */
  readonly bootServer?: string;
  /** All five of MTFTP are there, by which EDK2 knows an offer that it does not take. */
  readonly isMtftp: boolean;
};

const CONTROL = 6;
const BOOT_SERVERS = 8;
const MENU = 9;
/** Of sub-options 6 to 10, any makes it one that says how to boot (edk2: PxeBcDhcp4.c). */
const SAYS_HOW = [6, 7, 8, 9, 10];
const MTFTP = [1, 2, 3, 4, 5];
const DIRECT = 8;

/** Pure. Whatever is odd in a packet is as good as not said. */
export function readOffer({ yiaddr, siaddr, file, options }: DhcpPacket): HeardOffer {
  const server = ip4(options.get(OPTION.serverId));
  const vendorClass = text(options.get(OPTION.vendorClass)) ?? '';
  const named = text(options.get(OPTION.bootFileName)) || file;
  const isPxe = vendorClass.startsWith('PXEClient');
  const offer: Writable<HeardOffer> = { hasDns: ip4s(options.get(OPTION.dnsServers)).length > 0 };
  if (server !== undefined) offer.server = server;
  if (yiaddr !== NO_IP4) offer.address = yiaddr;
  if (siaddr !== NO_IP4) offer.next = siaddr;
  if (named !== '') offer.file = named;
  if (isPxe) offer.class = 'pxe';
  if (vendorClass.startsWith('HTTPClient')) offer.class = 'http';
  const vendor = options.get(OPTION.vendorSpecific);
  const discovery = isPxe && vendor !== undefined ? discoveryIn(readSuboptions(vendor)) : undefined;
  if (discovery !== undefined) offer.discovery = discovery;
  return offer;
}

function discoveryIn(vendor: Suboptions): Discovery | undefined {
  const isMtftp = MTFTP.every((code) => vendor.has(code));
  if (!isMtftp && !SAYS_HOW.some((code) => vendor.has(code))) return undefined;
  const bootServer = firstBootServer(vendor.get(BOOT_SERVERS));
  return {
    isDirect: ((vendor.get(CONTROL)?.[0] ?? 0) & DIRECT) !== 0,
    hasMenu: vendor.has(MENU),
    ...(bootServer !== undefined && { bootServer }),
    isMtftp,
  };
}

/** Type, count, and addresses. */
function firstBootServer(value: Buffer | undefined): string | undefined {
  return value === undefined || value.length < 7 || value[2] === 0 ? undefined : ip4(value.subarray(3, 7));
}

/** Whose it is, for people: `192.168.77.2`. */
export function offeredBy({ server }: Pick<HeardOffer, 'server'>): string {
  return server ?? 'a server that does not say who it is (no option 54)';
}
