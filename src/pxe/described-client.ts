import { IPXE_OPTION, MESSAGE, OPTION } from '../dhcp/option-code.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { BROADCAST_FLAG } from '../dhcp/reply-destination.js';
import { writeSuboptions } from '../dhcp/suboptions.js';
import { NO_IP4 } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { swapUuid, type Uuid } from '../net/uuid.js';
import { REQUEST_LISTS } from './request-lists.js';

/** A machine that somebody describes instead of switching it on. */
export type DescribedClient = {
  /** `os`: a system that is installed already, which asks for an address alone. */
  readonly kind: keyof typeof REQUEST_LISTS;
  /** Go's name; a BIOS says none. */
  readonly architecture?: string;
  readonly mac?: MacAddress;
  readonly uuid?: Uuid;
};

/** Option 93, for what each architecture's UEFI is, by PXE and by HTTP Boot. */
const UEFI_CODES: Readonly<Record<string, readonly [pxe: number, http: number]>> = {
  '386': [6, 15],
  amd64: [7, 16],
  arm: [10, 18],
  arm64: [11, 19],
  riscv64: [27, 28],
  loong64: [39, 40],
};
/** What an iPXE of Debian 13 says that it can do. */
const IPXE_FEATURES = new Map([IPXE_OPTION.http, IPXE_OPTION.https].map((code) => [code, Buffer.of(1)]));
/** Ethernet's, without the headers of IP and UDP. */
const MAX_MESSAGE = Buffer.of(0x05, 0xc0);

/** The DISCOVER that it would send; undefined while its architecture, which UEFI says, is not known. Pure. */
export function describedDiscover(described: DescribedClient): DhcpPacket | undefined {
  const { kind, mac } = described;
  const boot = kind === 'os' ? [] : bootOptions(kind, described);
  if (boot === undefined) return undefined;
  const address = Buffer.from((mac ?? '').replaceAll(':', ''), 'hex');
  const options: readonly ToldOption[] = [
    [OPTION.messageType, Buffer.of(MESSAGE.discover)],
    [OPTION.maxMessageSize, MAX_MESSAGE],
    [OPTION.parameterRequestList, Buffer.from(REQUEST_LISTS[kind].codes)],
    ...boot,
  ];
  return {
    ...{
      op: 1,
      htype: 1,
      hlen: Math.min(address.length, 16),
      hops: 0,
      xid: 0,
      secs: 0,
      flags: kind.endsWith('uefi') || kind === 'uefi-http' ? BROADCAST_FLAG : 0,
    },
    ...{ ciaddr: NO_IP4, yiaddr: NO_IP4, siaddr: NO_IP4, giaddr: NO_IP4, sname: '', file: '' },
    chaddr: Buffer.concat([address, Buffer.alloc(16)], 16),
    options: new Map(options.flatMap(([option, value]) => (value === undefined ? [] : [[option, value] as const]))),
  };
}

type ToldOption = readonly [number, Buffer | undefined];

/** By which firmware is told from other clients. */
function bootOptions(
  kind: Exclude<DescribedClient['kind'], 'os'>,
  { architecture = '', uuid }: DescribedClient,
): readonly ToldOption[] | undefined {
  const isIpxe = kind.startsWith('ipxe');
  const isHttp = kind === 'uefi-http';
  const code = kind.endsWith('bios') ? 0 : UEFI_CODES[architecture]?.[isHttp ? 1 : 0];
  if (code === undefined) return undefined;
  return [
    [OPTION.vendorClass, Buffer.from(classOf(code, { isHttp, isBios: code === 0 }))],
    [OPTION.clientArchitecture, Buffer.of(0, code)],
    [OPTION.clientInterface, Buffer.of(1, code === 0 ? 2 : 3, code === 0 ? 1 : 0)],
    [OPTION.clientUuid, uuid && Buffer.concat([Buffer.of(0), Buffer.from(swapUuid(uuid).replaceAll('-', ''), 'hex')])],
    [OPTION.userClass, isIpxe ? Buffer.from('iPXE') : undefined],
    [OPTION.ipxe, isIpxe ? writeSuboptions(IPXE_FEATURES) : undefined],
  ];
}

function classOf(code: number, { isHttp, isBios }: { readonly isHttp: boolean; readonly isBios: boolean }): string {
  const digits = String(code).padStart(5, '0');
  return `${isHttp ? 'HTTPClient' : 'PXEClient'}:Arch:${digits}:UNDI:${isBios ? '002001' : '003000'}`;
}
