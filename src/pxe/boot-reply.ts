import { IPXE_OPTION, MESSAGE, OPTION } from '../dhcp/option-code.js';
import { writeIp4s } from '../dhcp/option-values.js';
import type { DhcpOptions } from '../dhcp/options.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { BROADCAST_FLAG, relayOf } from '../dhcp/reply-destination.js';
import { readSuboptions, writeSuboptions } from '../dhcp/suboptions.js';
import { NO_IP4 } from '../net/ip.js';
import { RecentMap } from '../recent-map.js';
import type { Answer } from './answer.js';
import type { PxeClient } from './client.js';

/** An answer that is given. */
export type Told = Exclude<Answer, { readonly kind: 'silent' }>;

export type ReplyInput = {
  readonly request: DhcpPacket;
  readonly client: PxeClient;
  readonly told: Told;
  /** `offer` to a DISCOVER, `ack` to what comes to the boot server's port. */
  readonly step: 'offer' | 'ack';
  /** Ours, as the machine reaches it. */
  readonly address: string;
  /** The same, unless a relay wants to stand for us (RFC 5107). */
  readonly serverId: string;
};

/** The field has room for a NUL, too. */
const MAX_FIELD_BYTES = 127;

/** Of option 43 (PXE 2.1, tables 2-1 and 2-3). */
const DISCOVERY_CONTROL = 6;
const BOOT_ITEM = 71;
/** Neither menu nor discovery: the file is named. */
const LOAD_THE_FILE = Buffer.of(8);
/** Whoever has this answer need not wait for another. */
const SAYS_ALL = writeSuboptions(new Map([[IPXE_OPTION.noPxeDhcp, Buffer.of(1)]]));

const OFFER = Buffer.of(MESSAGE.offer);
const ACK = Buffer.of(MESSAGE.ack);
const PXE_CLIENT = Buffer.from('PXEClient');
const HTTP_CLIENT = Buffer.from('HTTPClient');
/** What goes first when the machine takes no more: the field has it too. */
export const DROPPABLE: readonly number[] = [OPTION.tftpServerName];

/**
 * A proxy's answer (PXE 2.1, 2.2): how to boot, and no address. siaddr, sname, file and the options that say the same are all
 * filled, since every firmware reads others of them: U-Boot the fields alone, EDK2 the options first. Pure.
 */
export function bootReply(input: ReplyInput): DhcpPacket {
  const { request, told, step, address } = input;
  const { htype, hlen, xid, flags, ciaddr, giaddr, chaddr } = request;
  const name = nameOf(told);
  return {
    op: 2,
    htype,
    hlen,
    hops: 0,
    xid,
    secs: 0,
    // Without an address of its own, which is not in this answer either, nothing but a broadcast reaches it.
    flags: relayOf(request) === undefined && step === 'offer' ? flags | BROADCAST_FLAG : flags,
    ciaddr: step === 'ack' ? ciaddr : NO_IP4,
    yiaddr: NO_IP4,
    siaddr: address,
    giaddr,
    chaddr,
    sname: address,
    file: Buffer.byteLength(name) > MAX_FIELD_BYTES ? '' : name,
    options: optionsOf(input),
  };
}

function optionsOf(input: ReplyInput): DhcpOptions {
  const { request, client, told, step, address, serverId } = input;
  const options = new Map<number, Buffer>();
  const copy = (code: number) => setIfThere(options, code, request.options.get(code));
  options.set(OPTION.messageType, step === 'offer' ? OFFER : ACK);
  options.set(
    OPTION.serverId,
    values.kept(`ip ${serverId}`, () => writeIp4s(serverId)),
  );
  options.set(OPTION.vendorClass, client.kind === 'http' ? HTTP_CLIENT : PXE_CLIENT);
  copy(OPTION.clientUuid);
  // RFC 6842, 3.
  copy(OPTION.clientId);
  setIfThere(options, OPTION.vendorSpecific, vendorOptions(input));
  options.set(OPTION.tftpServerName, textBytes(address));
  if (client.kind === 'ipxe') options.set(OPTION.ipxe, SAYS_ALL);
  // Some ROMs want the NUL; in a URL it would be one more character.
  options.set(OPTION.bootFileName, textBytes(told.kind === 'loader' ? `${told.file}\0` : nameOf(told)));
  copy(OPTION.relayAgent);
  return options;
}

/** Values that are the same in the answers to many machines. */
const values = new RecentMap<string, Buffer>(64);

function textBytes(text: string): Buffer {
  return values.kept(text, () => Buffer.from(text));
}

function setIfThere(options: Map<number, Buffer>, code: number, value: Buffer | undefined): void {
  if (value !== undefined) options.set(code, value);
}

/**
 * A BIOS ROM is told to load what is named without discovery. UEFI is not: many ignore an offer with option 43, and all follow
 * one without it to the boot server's port. Whoever asks for an item of a menu there wants to see it again.
 */
function vendorOptions({ request, client, step }: ReplyInput): Buffer | undefined {
  const isBios = client.kind === 'pxe' && client.architecture?.firmware === 'bios';
  const asked = step === 'ack' ? request.options.get(OPTION.vendorSpecific) : undefined;
  const item = asked && readSuboptions(asked).get(BOOT_ITEM);
  const all = new Map<number, Buffer>();
  if (isBios) all.set(DISCOVERY_CONTROL, LOAD_THE_FILE);
  setIfThere(all, BOOT_ITEM, item);
  return all.size === 0 ? undefined : writeSuboptions(all, { hasEnd: true });
}

function nameOf(told: Told): string {
  return told.kind === 'loader' ? told.file : told.url;
}
