import { IPXE_OPTION, OPTION } from '../dhcp/option-code.js';
import { clientArchitectures, clientUuid, text, userClasses } from '../dhcp/option-values.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { readSuboptions } from '../dhcp/suboptions.js';
import type { Firmware, MachineFacts } from '../machine/facts.js';
import { NO_IP4, parseIp } from '../net/ip.js';
import { isJunkMac, type MacAddress, macOf } from '../net/mac.js';
import { isJunkUuid, type Uuid } from '../net/uuid.js';
import type { Writable } from '../writable.js';
import { type ClientArchitecture, firstKnown, RPIBOOT } from './client-architecture.js';

/** What a packet says of who asks. After this nobody looks at its options again to find that out. */
export type PxeClient = {
  /** `other`: it asks for an address, and not to be booted. */
  readonly kind: 'pxe' | 'http' | 'ipxe' | 'other';
  readonly mac?: MacAddress;
  readonly uuid?: Uuid;
  readonly hostname?: string;
  /** Missing where it says none that is known. */
  readonly architecture?: ClientArchitecture;
  /** What an iPXE says that it can do. */
  readonly ipxe?: IpxeFeatures;
};

export type IpxeFeatures = { readonly hasHttp: boolean; readonly hasHttps: boolean };

/** Its boot ROM says that it is an x86 BIOS, and is none: these are the prefixes of its maker's cards. */
const RASPBERRY_PI = ['b8:27:eb', 'dc:a6:32', 'e4:5f:01', '28:cd:c1', 'd8:3a:dd', '2c:cf:67'];

/** Pure. Whatever is odd in a packet is as good as not said. */
export function readClient(packet: DhcpPacket): PxeClient {
  const { options } = packet;
  const vendorClass = text(options.get(OPTION.vendorClass)) ?? '';
  const mac = hardwareAddress(packet);
  const architecture = architectureOf(packet, vendorClass, mac);
  const ipxe = ipxeOf(packet);
  const uuid = clientUuid(options.get(OPTION.clientUuid));
  const hostname = text(options.get(OPTION.hostName));
  const client: Writable<PxeClient> = { kind: kindOf(vendorClass, architecture, ipxe !== undefined) };
  if (mac !== undefined) client.mac = mac;
  if (uuid !== undefined && !isJunkUuid(uuid)) client.uuid = uuid;
  if (hostname !== undefined && hostname !== '') client.hostname = hostname;
  if (architecture !== undefined) client.architecture = architecture;
  if (ipxe !== undefined) client.ipxe = ipxe;
  return client;
}

/** By options 93 and 77 rather than the text of 60: an iPXE that another has loaded may say a bare `PXEClient`. */
function kindOf(vendorClass: string, architecture: ClientArchitecture | undefined, isIpxe: boolean): PxeClient['kind'] {
  if (vendorClass.startsWith('HTTPClient')) return 'http';
  if (isIpxe) return 'ipxe';
  // U-Boot's class is whatever its builder wrote.
  const isUboot = architecture !== undefined && architecture.code >= 21 && architecture.code <= 24;
  return vendorClass.startsWith('PXEClient') || isUboot ? 'pxe' : 'other';
}

export function hardwareAddress({ chaddr, hlen }: DhcpPacket): MacAddress | undefined {
  const mac = macOf(chaddr.subarray(0, hlen));
  return mac === undefined || isJunkMac(mac) ? undefined : mac;
}

/** What option 93 lists, else the digits of the class: `PXEClient:Arch:00007:UNDI:003000`. */
function architectureOf(
  { options }: DhcpPacket,
  vendorClass: string,
  mac: MacAddress | undefined,
): ClientArchitecture | undefined {
  const [, digits] = /:Arch:(\d{5})/.exec(vendorClass) ?? [];
  const listed = clientArchitectures(options.get(OPTION.clientArchitecture));
  const known = firstKnown(listed) ?? firstKnown(digits === undefined ? [] : [Number(digits)]);
  return known?.code === 0 && RASPBERRY_PI.some((prefix) => mac?.startsWith(prefix)) ? firstKnown([RPIBOOT]) : known;
}

/** By its user class, or by its own option, which a build with another class sends all the same. */
function ipxeOf({ options }: DhcpPacket): IpxeFeatures | undefined {
  const encapsulated = options.get(OPTION.ipxe);
  const isNamed = userClasses(options.get(OPTION.userClass)).includes('iPXE');
  if (encapsulated === undefined) return isNamed ? { hasHttp: true, hasHttps: false } : undefined;
  const features = readSuboptions(encapsulated);
  const has = (code: number) => (features.get(code)?.[0] ?? 0) > 0;
  return { hasHttp: has(IPXE_OPTION.http), hasHttps: has(IPXE_OPTION.https) };
}

/** What machines are judged by. `ciaddr`: its own address, or the one that it gets; `from`: whom the packet came from. */
export function factsOf(client: PxeClient, { ciaddr }: Pick<DhcpPacket, 'ciaddr'>, from: string): MachineFacts {
  const { mac, uuid, hostname, architecture } = client;
  const ip = ciaddr === NO_IP4 ? undefined : parseIp(ciaddr);
  const firmware = firmwaresOf(client);
  const facts: Writable<MachineFacts> = { macs: mac === undefined ? [] : [mac], sourceAddress: from };
  if (uuid !== undefined) facts.uuid = uuid;
  if (hostname !== undefined) facts.hostname = hostname;
  if (ip !== undefined) facts.ip = ip;
  if (architecture?.architecture !== undefined) facts.architecture = architecture.architecture;
  if (firmware !== undefined) facts.firmware = firmware;
  return facts;
}

/** By how it asks, since UEFI may list the architectures of both its ways. iPXE does not say how its UEFI came to load it. */
export function firmwaresOf({ kind, architecture }: PxeClient): readonly Firmware[] | undefined {
  const firmware = architecture?.firmware;
  if (firmware === undefined || firmware === 'bios') return firmware && [firmware];
  if (kind === 'ipxe') return ['uefi', 'uefi-http'];
  return kind === 'http' ? ['uefi-http'] : ['uefi'];
}

/** Whose programs its firmware starts: `BIOS`, `UEFI arm64`; undefined where it does not say. */
export function platformOf({ architecture: known }: PxeClient): string | undefined {
  if (known?.firmware === 'bios') return 'BIOS';
  return known?.architecture === undefined ? undefined : `UEFI ${known.architecture}`;
}

/** For people: `x64 UEFI by PXE`, `x86 BIOS, iPXE`. */
export function describeClient({ kind, architecture }: PxeClient): string {
  const name = architecture?.name ?? 'a machine of no known architecture';
  switch (kind) {
    case 'pxe':
      return `${name} by PXE`;
    case 'http':
      return name;
    case 'ipxe':
      return `${name}, iPXE`;
    case 'other':
      return 'no boot client';
  }
}
