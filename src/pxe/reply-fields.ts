import { OPTION } from '../dhcp/option-code.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import type { PxeClient } from './client.js';

/** One field of an answer, for people: what is in it, and why. */
export type ReplyField = { readonly field: string; readonly value: string; readonly why: string };

/** Every field that says something, in the order of the packet. Pure. */
export function describeReply(reply: DhcpPacket, client: PxeClient): readonly ReplyField[] {
  const header: readonly ReplyField[] = [
    { field: 'op', value: '2', why: 'an answer' },
    {
      field: 'flags',
      value: hex(reply.flags, 4),
      why: 'broadcast: the machine has no address yet that it could be reached by',
    },
    { field: 'ciaddr', value: reply.ciaddr, why: 'its own address, where it asked with one' },
    { field: 'yiaddr', value: reply.yiaddr, why: 'none: another server gives addresses' },
    {
      field: 'siaddr',
      value: reply.siaddr,
      why: 'the TFTP server, for those that read it here (BIOS, EDK2, iPXE, U-Boot)',
    },
    { field: 'sname', value: reply.sname, why: 'the same as text, for ROMs that read it here' },
    { field: 'file', value: reply.file, why: 'what it loads, for those that read no options (U-Boot, old ROMs)' },
  ];
  const options = [...reply.options].map(([code, value]) => ({
    field: `option ${code}`,
    value: shown(code, value),
    why: OPTION_REASONS[code]?.(client) ?? '',
  }));
  return [...header, ...options].filter(({ value }) => value !== '' && value !== '0x0000');
}

const OPTION_REASONS: Readonly<Record<number, (client: PxeClient) => string>> = {
  [OPTION.messageType]: () => 'OFFER to a DISCOVER; the same is an ACK at port 4011',
  [OPTION.serverId]: () => 'ours: without it some clients ask everybody at port 4011',
  [OPTION.vendorClass]: ({ kind }) =>
    kind === 'http' ? 'UEFI HTTP Boot takes no other offer' : 'PXE clients take a proxy by it alone',
  [OPTION.clientUuid]: () => 'sent back as it came (RFC 4578)',
  [OPTION.clientId]: () => 'sent back as it came (RFC 6842)',
  [OPTION.relayAgent]: () => "the relay's, sent back as it came (RFC 3046)",
  [OPTION.vendorSpecific]: () => 'a BIOS ROM loads the file at once, without menu and discovery (PXE 2.1)',
  [OPTION.tftpServerName]: () => 'the TFTP server once more; left out where the machine takes no more',
  [OPTION.bootFileName]: ({ kind }) => BOOT_FILE_REASONS[kind],
  [OPTION.ipxe]: () => 'no-pxedhcp: it need not wait for another answer',
};

const BOOT_FILE_REASONS: Readonly<Record<PxeClient['kind'], string>> = {
  pxe: 'the iPXE for its firmware and architecture, by TFTP; with a NUL, which some ROMs want',
  http: 'leads to the UKI of its image, else to iPXE; by address, since a name fails without a DNS server in its DHCP',
  ipxe: 'it is iPXE already: the script that makes it report itself',
  other: '',
};

function shown(code: number, value: Buffer): string {
  switch (code) {
    case OPTION.messageType:
      return String(value[0]);
    case OPTION.serverId:
      return [...value].join('.');
    case OPTION.vendorClass:
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
