import protocol from 'dhcp/lib/protocol.js';
import { NO_IP4 } from '../net/ip.js';
import { RecentMap } from '../recent-map.js';
import { DhcpCodecError } from './codec-error.js';
import { ip4Number } from './ip4.js';

/** What every packet begins with (RFC 2131, 2); the names are the standard's. */
export type DhcpHeader = {
  /** 1: from a client, 2: from a server. */
  readonly op: 1 | 2;
  /** 1: Ethernet, 32: InfiniBand (RFC 4390). */
  readonly htype: number;
  /** Bytes of `chaddr` that count; InfiniBand has 0. */
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  /** No more than a hint: iPXE counts in it how often it was busy. */
  readonly secs: number;
  /** 0x8000: the client wants a broadcast. */
  readonly flags: number;
  /** Dotted quads, as all four are: the client's own address, while it is in use. */
  readonly ciaddr: string;
  /** The one that it is given. */
  readonly yiaddr: string;
  /** Of the server that it is to load from. */
  readonly siaddr: string;
  /** Of the relay. */
  readonly giaddr: string;
  /** All 16 bytes. EDK2 fills them with a GUID for some hardware. */
  readonly chaddr: Buffer;
  /** A character for each byte up to the first NUL, whatever it is; empty where the field holds options. */
  readonly sname: string;
  readonly file: string;
};

/** Bytes, with the cookie that tells options from what BOOTP had there (RFC 2131, 3). */
export const HEADER_BYTES = 240;
const COOKIE = 0x63825363;

export const CHADDR = { at: 28, bytes: 16 };
export const SNAME = { at: 44, bytes: 64 };
export const FILE = { at: 108, bytes: 128 };

const ETHERNET = { htype: 1, hlen: 6 };

/** Why there is no header to read. */
export function headerFault(bytes: Buffer): string | undefined {
  if (bytes.length < HEADER_BYTES) return `it has ${bytes.length} bytes, fewer than a header`;
  if (bytes.readUInt32BE(HEADER_BYTES - 4) !== COOKIE) return 'it has no DHCP cookie';
  const op = bytes.readUInt8(0);
  if (op !== 1 && op !== 2) return `its op is ${op}`;
  const hlen = bytes.readUInt8(2);
  return hlen > CHADDR.bytes ? `its hardware address has ${hlen} bytes` : undefined;
}

/** Which fields hold options instead of texts (RFC 2132, 9.3). */
export type Overload = { readonly inFile: boolean; readonly inSname: boolean };

/** Of bytes without a `headerFault`. `chaddr` is a view of them. */
export function decodeHeader(bytes: Buffer, { inFile, inSname }: Overload): DhcpHeader {
  const read = protocol.parse(asEthernet(bytes.subarray(0, HEADER_BYTES)));
  return {
    op: read.op === 1 ? 1 : 2,
    htype: bytes.readUInt8(1),
    hlen: bytes.readUInt8(2),
    hops: read.hops,
    xid: read.xid,
    secs: read.secs,
    flags: read.flags,
    ciaddr: read.ciaddr,
    yiaddr: read.yiaddr,
    siaddr: read.siaddr,
    giaddr: read.giaddr,
    chaddr: bytes.subarray(CHADDR.at, CHADDR.at + CHADDR.bytes),
    // Byte for byte, where the package reads UTF-8.
    sname: inSname ? '' : textIn(bytes, SNAME),
    file: inFile ? '' : textIn(bytes, FILE),
  };
}

/** The package throws at other hardware, whose headers are no different. */
function asEthernet(header: Buffer): Buffer {
  if (header[1] === ETHERNET.htype && header[2] === ETHERNET.hlen) return header;
  const copy = Buffer.from(header);
  copy[1] = ETHERNET.htype;
  copy[2] = ETHERNET.hlen;
  return copy;
}

type Field = { readonly at: number; readonly bytes: number };

function textIn(bytes: Buffer, { at, bytes: length }: Field): string {
  if (bytes[at] === 0) return '';
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end === -1 ? at + length : Math.min(end, at + length));
}

/** `length` bytes that begin with the header; the others are zeros. Throws a DhcpCodecError at a width that is wrong. */
export function encodeHeader(header: DhcpHeader, length: number): Buffer {
  checkWidths(header);
  const bytes = Buffer.allocUnsafe(length);
  formOf(header).copy(bytes);
  bytes.fill(0, HEADER_BYTES);
  bytes[1] = header.htype;
  bytes[2] = header.hlen;
  bytes[3] = header.hops;
  bytes.writeUInt32BE(header.xid, 4);
  bytes.writeUInt16BE(header.secs, 8);
  bytes.writeUInt16BE(header.flags, 10);
  writeAddress(header.ciaddr, bytes, 12);
  writeAddress(header.yiaddr, bytes, 16);
  writeAddress(header.giaddr, bytes, 24);
  header.chaddr.copy(bytes, CHADDR.at);
  return bytes;
}

/** What a server says of itself in each of its answers, by that. */
const forms = new RecentMap<string, Buffer>(64);

/**
 * A header with what is the server's own, and the rest blank: answers to a rack of machines differ in what the machines said,
 * and the package takes several times as long for a header as all else takes for a packet.
 */
function formOf(header: DhcpHeader): Buffer {
  const { op, siaddr, sname, file } = header;
  return forms.kept(`${op} ${siaddr} ${sname}\0${file}`, () => newForm(header));
}

function newForm({ op, siaddr, sname, file }: DhcpHeader): Buffer {
  const blank = { htype: 0, hlen: 0, hops: 0, xid: 0, secs: 0, flags: 0, sname: '', file: '', options: {} };
  // The package takes "1x.2.3.4" for 1.2.3.4.
  ip4Number(siaddr);
  const addresses = { ciaddr: NO_IP4, yiaddr: NO_IP4, siaddr, giaddr: NO_IP4 };
  const { _data: written } = protocol.format({ ...blank, ...addresses, op, chaddr: '00-00-00-00-00-00' });
  const form = written.subarray(0, HEADER_BYTES);
  // The package writes texts in UTF-8, and cuts them without a word.
  writeText('sname', sname, form, SNAME);
  writeText('file', file, form, FILE);
  return form;
}

function writeAddress(address: string, target: Buffer, at: number): void {
  // Most are none, and are so in the form.
  if (address !== NO_IP4) target.writeUInt32BE(ip4Number(address), at);
}

function checkWidths(header: DhcpHeader): void {
  checkWidth('op', header.op, 2);
  checkWidth('htype', header.htype, 255);
  checkWidth('hlen', header.hlen, CHADDR.bytes);
  checkWidth('hops', header.hops, 255);
  checkWidth('xid', header.xid, 0xffffffff);
  checkWidth('secs', header.secs, 0xffff);
  checkWidth('flags', header.flags, 0xffff);
  if (header.chaddr.length !== CHADDR.bytes)
    throw new DhcpCodecError(`chaddr has ${header.chaddr.length} bytes, and needs ${CHADDR.bytes}`);
}

function checkWidth(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new DhcpCodecError(`${name} is ${value}, and can be 0 to ${most}`);
}

/** With a NUL behind it, always: ROMs read on until there is one. */
function writeText(name: string, text: string, target: Buffer, { at, bytes }: Field): void {
  if (text === '') return;
  if (text.length >= bytes) throw new DhcpCodecError(`${name} has ${text.length} bytes, and can have ${bytes - 1}`);
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (character === 0 || character > 255) throw new DhcpCodecError(`${name} has characters that are no bytes`);
  }
  target.write(text, at, 'latin1');
}
