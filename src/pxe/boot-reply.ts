import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import { writeIp4s } from '../dhcp/option-values.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { BROADCAST_FLAG } from '../dhcp/reply-destination.js';
import { readSuboptions, writeSuboptions } from '../dhcp/suboptions.js';
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

const NO_ADDRESS = '0.0.0.0';
/** The field has room for a NUL, too. */
const MAX_FIELD_BYTES = 127;

/** Of option 43 (PXE 2.1, tables 2-1 and 2-3). */
const DISCOVERY_CONTROL = 6;
const BOOT_ITEM = 71;
/** Neither menu nor discovery: the file is named. */
const LOAD_THE_FILE = Buffer.of(8);
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
    ...{ op: 2 as const, htype, hlen, hops: 0, xid, secs: 0, chaddr, giaddr },
    // Without an address of its own, which is not in this answer either, nothing but a broadcast reaches it.
    flags: giaddr === NO_ADDRESS && step === 'offer' ? flags | BROADCAST_FLAG : flags,
    ciaddr: step === 'ack' ? ciaddr : NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: address,
    sname: address,
    file: Buffer.byteLength(name) > MAX_FIELD_BYTES ? '' : name,
    options: new Map([...optionsOf(input)].filter(isThere)),
  };
}

type Option = readonly [number, Buffer];

function isThere(option: readonly [number, Buffer | undefined]): option is Option {
  return option[1] !== undefined;
}

function* optionsOf(input: ReplyInput): Generator<readonly [number, Buffer | undefined]> {
  const { request, client, told, step, address, serverId } = input;
  yield [OPTION.messageType, Buffer.of(step === 'offer' ? MESSAGE.offer : MESSAGE.ack)];
  yield [OPTION.serverId, writeIp4s(serverId)];
  yield [OPTION.vendorClass, Buffer.from(client.kind === 'http' ? 'HTTPClient' : 'PXEClient')];
  yield [OPTION.clientUuid, request.options.get(OPTION.clientUuid)];
  // RFC 6842, 3.
  yield [OPTION.clientId, request.options.get(OPTION.clientId)];
  yield [OPTION.vendorSpecific, vendorOptions(input)];
  yield [OPTION.tftpServerName, Buffer.from(address)];
  // Some ROMs want the NUL; in a URL it would be one more character.
  yield [OPTION.bootFileName, Buffer.from(told.kind === 'loader' ? `${told.file}\0` : nameOf(told))];
  yield [OPTION.relayAgent, request.options.get(OPTION.relayAgent)];
}

/**
 * A BIOS ROM is told to load what is named without discovery. UEFI is not: many ignore an offer with option 43, and all follow
 * one without it to the boot server's port. Whoever asks for an item of a menu there wants to see it again.
 */
function vendorOptions({ request, client, step }: ReplyInput): Buffer | undefined {
  const item = readSuboptions(request.options.get(OPTION.vendorSpecific) ?? Buffer.alloc(0)).get(BOOT_ITEM);
  const isBios = client.kind === 'pxe' && client.architecture?.firmware === 'bios';
  const control: readonly Option[] = isBios ? [[DISCOVERY_CONTROL, LOAD_THE_FILE]] : [];
  const chosen: readonly Option[] = step === 'ack' && item !== undefined ? [[BOOT_ITEM, item]] : [];
  const all = [...control, ...chosen];
  return all.length === 0 ? undefined : writeSuboptions(new Map(all), { hasEnd: true });
}

function nameOf(told: Told): string {
  return told.kind === 'loader' ? told.file : told.url;
}
