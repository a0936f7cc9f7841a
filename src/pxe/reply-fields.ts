import { OPTION } from '../dhcp/option-code.js';
import { ip4s, u32 } from '../dhcp/option-values.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { NO_IP4 } from '../net/ip.js';
import type { PxeClient } from './client.js';

/** One field of an answer, for people: what is in it, and why. */
export type ReplyField = { readonly field: string; readonly value: string; readonly why: string };

/** Every field that says something, in the order of the packet. `client`: missing where it does not ask to be booted. Pure. */
export function describeReply(reply: DhcpPacket, client?: PxeClient): readonly ReplyField[] {
  const isBooted = reply.options.has(OPTION.bootFileName);
  const givesAddress = reply.yiaddr !== NO_IP4;
  const header: readonly ReplyField[] = [
    { field: 'op', value: '2', why: 'an answer' },
    {
      field: 'flags',
      value: hex(reply.flags, 4),
      why: 'broadcast: the machine has no address yet that it could be reached by',
    },
    { field: 'ciaddr', value: reply.ciaddr, why: 'its own address, where it asked with one' },
    { field: 'yiaddr', value: reply.yiaddr, why: givesAddress ? GIVEN : 'none: another server gives addresses' },
    {
      field: 'siaddr',
      value: reply.siaddr,
      why: isBooted
        ? 'the TFTP server, for those that read it here (BIOS, EDK2, iPXE, U-Boot)'
        : 'none: nothing to boot',
    },
    { field: 'sname', value: reply.sname, why: 'the same as text, for ROMs that read it here' },
    { field: 'file', value: reply.file, why: 'what it loads, for those that read no options (U-Boot, old ROMs)' },
  ];
  const reasons = givesAddress ? { ...OPTION_REASONS, ...WITH_ADDRESS } : OPTION_REASONS;
  const options = [...reply.options].map(([code, value]) => ({
    field: `option ${code}`,
    value: shown(code, value),
    why: reasons[code]?.(client?.kind ?? 'other') ?? '',
  }));
  return [...header, ...options].filter(({ value }) => value !== '' && value !== '0x0000');
}

const GIVEN = 'its address: the one of its record, else its last, else a free one of dhcp.subnets';

type Reasons = Readonly<Record<number, (kind: PxeClient['kind']) => string>>;

const OPTION_REASONS: Reasons = {
  [OPTION.messageType]: () => 'OFFER to a DISCOVER; the same is an ACK at port 4011',
  [OPTION.serverId]: () => 'ours: without it some clients ask everybody at port 4011',
  [OPTION.vendorClass]: (kind) =>
    kind === 'http' ? 'UEFI HTTP Boot takes no other offer' : 'PXE clients take a proxy by it alone',
  [OPTION.clientUuid]: () => 'sent back as it came (RFC 4578)',
  [OPTION.clientId]: () => 'sent back as it came (RFC 6842)',
  [OPTION.relayAgent]: () => "the relay's, sent back as it came (RFC 3046)",
  [OPTION.vendorSpecific]: () => 'a BIOS ROM loads the file at once, without menu and discovery (PXE 2.1)',
  [OPTION.tftpServerName]: () => 'the TFTP server once more; left out where the machine takes no more',
  [OPTION.bootFileName]: (kind) => BOOT_FILE_REASONS[kind],
  [OPTION.ipxe]: () => 'no-pxedhcp: it need not wait for another answer',
};

/** The same where we give addresses, and what comes with one. */
const WITH_ADDRESS: Reasons = {
  [OPTION.messageType]: () => 'OFFER to a DISCOVER; the ACK to its REQUEST says the same',
  [OPTION.serverId]: () => 'ours: its REQUEST names whose offer it takes',
  [OPTION.vendorClass]: (kind) =>
    kind === 'http' ? 'UEFI HTTP Boot takes no other offer' : 'PXE clients boot by an offer that has it',
  [OPTION.leaseTime]: () => 'how long the address is its own, in seconds',
  [OPTION.renewalTime]: () => 'when it asks for longer, in seconds (T1)',
  [OPTION.rebindingTime]: () => 'when it asks anybody, in seconds (T2)',
  [OPTION.subnetMask]: () => 'of its subnet',
  [OPTION.routers]: () => 'its routers, the first one first',
  [OPTION.dnsServers]: () => 'its DNS servers',
  [OPTION.domainName]: () => 'its domain',
  [OPTION.hostName]: () => 'what it is called, by its record',
  [OPTION.mtu]: () => 'the largest packet there, in bytes',
  [OPTION.broadcastAddress]: () => 'of its subnet',
  [OPTION.ntpServers]: () => 'its time servers',
  [OPTION.domainSearch]: () => 'domains in which names are looked up (RFC 3397)',
  [OPTION.classlessRoutes]: () => 'its routes, with the default one: who reads them ignores option 3 (RFC 3442)',
};

const BOOT_FILE_REASONS: Readonly<Record<PxeClient['kind'], string>> = {
  pxe: 'the iPXE for its firmware and architecture, by TFTP; with a NUL, which some ROMs want',
  http: 'leads to the UKI or the ISO of its image, else to iPXE; by address, since a name fails without a DNS server in its DHCP',
  ipxe: 'it is iPXE already: the script that makes it report itself',
  other: '',
};

function shown(code: number, value: Buffer): string {
  switch (code) {
    case OPTION.messageType:
      return String(value[0]);
    case OPTION.serverId:
    case OPTION.subnetMask:
    case OPTION.routers:
    case OPTION.dnsServers:
    case OPTION.broadcastAddress:
    case OPTION.ntpServers:
      return ip4s(value).join(', ');
    case OPTION.leaseTime:
    case OPTION.renewalTime:
    case OPTION.rebindingTime:
      return String(u32(value));
    case OPTION.mtu:
      return String(value.readUInt16BE(0));
    case OPTION.vendorClass:
    case OPTION.hostName:
    case OPTION.domainName:
    case OPTION.tftpServerName:
    case OPTION.bootFileName:
      return value.toString('latin1').replace(/\0$/, '\\0');
    default:
      return value.toString('hex');
  }
}

function hex(number: number, digits: number): string {
  return `0x${number.toString(16).padStart(digits, '0')}`;
}
