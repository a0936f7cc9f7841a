import { IPXE_OPTION, OPTION } from '../dhcp/option-code.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { readSuboptions, writeSuboptions } from '../dhcp/suboptions.js';
import type { Answer } from './answer.js';
import type { PxeClient } from './client.js';
import { textBytes } from './kept-values.js';

/** An answer that is given. */
export type Told = Exclude<Answer, { readonly kind: 'silent' }>;

export type BootOptionsInput = {
  readonly request: DhcpPacket;
  readonly client: PxeClient;
  readonly told: Told;
  /** Ours, as the machine reaches it. */
  readonly address: string;
  /** `ack`: to what comes to the boot server's port. */
  readonly step: 'offer' | 'ack';
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

const PXE_CLIENT = Buffer.from('PXEClient');
const HTTP_CLIENT = Buffer.from('HTTPClient');

/** Of a header. */
export type BootFields = Pick<DhcpPacket, 'siaddr' | 'sname' | 'file'>;

/**
 * siaddr, sname, file and the options that say the same are all filled, since every firmware reads others of them: U-Boot the
 * fields alone, EDK2 the options first. Pure.
 */
export function bootFields({ told, address }: Pick<BootOptionsInput, 'told' | 'address'>): BootFields {
  const name = nameOf(told);
  return { siaddr: address, sname: address, file: Buffer.byteLength(name) > MAX_FIELD_BYTES ? '' : name };
}

/** Adds what says how to boot, behind what is there. */
export function addBootOptions(options: Map<number, Buffer>, input: BootOptionsInput): void {
  const { request, client, told, address } = input;
  options.set(OPTION.vendorClass, client.kind === 'http' ? HTTP_CLIENT : PXE_CLIENT);
  copyOption(options, OPTION.clientUuid, request);
  // RFC 6842, 3.
  copyOption(options, OPTION.clientId, request);
  const vendor = vendorOptions(input);
  if (vendor !== undefined) options.set(OPTION.vendorSpecific, vendor);
  options.set(OPTION.tftpServerName, textBytes(address));
  if (client.kind === 'ipxe') options.set(OPTION.ipxe, SAYS_ALL);
  // Some ROMs want the NUL; in a URL it would be one more character.
  options.set(OPTION.bootFileName, textBytes(told.kind === 'loader' ? `${told.file}\0` : nameOf(told)));
}

/** As it came, where it came. */
export function copyOption(options: Map<number, Buffer>, code: number, request: DhcpPacket): void {
  const value = request.options.get(code);
  if (value !== undefined) options.set(code, value);
}

/**
 * A BIOS ROM is told to load what is named without discovery. UEFI is not: many ignore an offer with option 43, and all follow
 * one without it to the boot server's port. Whoever asks for an item of a menu there wants to see it again.
 */
function vendorOptions({ request, client, step }: BootOptionsInput): Buffer | undefined {
  const isBios = client.kind === 'pxe' && client.architecture?.firmware === 'bios';
  const asked = step === 'ack' ? request.options.get(OPTION.vendorSpecific) : undefined;
  const item = asked && readSuboptions(asked).get(BOOT_ITEM);
  const all = new Map<number, Buffer>();
  if (isBios) all.set(DISCOVERY_CONTROL, LOAD_THE_FILE);
  if (item !== undefined) all.set(BOOT_ITEM, item);
  return all.size === 0 ? undefined : writeSuboptions(all, { hasEnd: true });
}

function nameOf(told: Told): string {
  return told.kind === 'loader' ? told.file : told.url;
}
