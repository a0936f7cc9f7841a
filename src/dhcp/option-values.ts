import { asciiLine } from '../format.js';
import type { IpAddress } from '../net/ip.js';
import { type MacAddress, macOf } from '../net/mac.js';
import type { Uuid } from '../net/uuid.js';
import { DhcpCodecError } from './codec-error.js';
import { ip4At, ip4Number } from './ip4.js';

/** Values of single options. Who reads takes what a packet has or has not; undefined is also what no such value looks like. */
type Value = Buffer | undefined;

export function u8(value: Value): number | undefined {
  return value?.length === 1 ? value.readUInt8(0) : undefined;
}

function u16(value: Value): number | undefined {
  return value?.length === 2 ? value.readUInt16BE(0) : undefined;
}

/** Times are in seconds; 0xffffffff is for ever (RFC 2131, 3.3). */
export function u32(value: Value): number | undefined {
  return value?.length === 4 ? value.readUInt32BE(0) : undefined;
}

export function ip4(value: Value): IpAddress | undefined {
  return value?.length === 4 ? ip4At(value, 0) : undefined;
}

/** As many as are whole. */
export function ip4s(value: Value): readonly IpAddress[] {
  return wholes(value, 4, ip4At);
}

function wholes<T>(value: Value, width: number, read: (bytes: Buffer, at: number) => T): readonly T[] {
  const found: T[] = [];
  if (value !== undefined) for (let at = 0; at + width <= value.length; at += width) found.push(read(value, at));
  return found;
}

/** Printable ASCII in one line, without the NULs that some clients put behind it. */
export function text(value: Value): string | undefined {
  return value === undefined ? undefined : textIn(value);
}

function textIn(value: Buffer): string {
  let end = value.length;
  while (end > 0 && value[end - 1] === 0) end -= 1;
  return asciiLine(value.toString('latin1', 0, end));
}

/** Of option 53: one of MESSAGE, or what other RFCs have added. */
export function messageType(value: Value): number | undefined {
  return u8(value);
}

/** Headers of IP and UDP. */
const DATAGRAM_OVERHEAD = 28;
/** RFC 2131, 2: what every client takes. */
const MIN_MESSAGE_BYTES = 576;
/** What Ethernet carries: EDK2 says 65280, and some ROMs do not put fragments together. */
const MAX_MESSAGE_BYTES = 1500;

/** Of option 57 (RFC 2132, 9.10): bytes of a datagram's payload that the client takes. */
export function maxPayloadBytes(value: Value): number {
  const asked = u16(value) ?? MIN_MESSAGE_BYTES;
  return Math.min(Math.max(asked, MIN_MESSAGE_BYTES), MAX_MESSAGE_BYTES) - DATAGRAM_OVERHEAD;
}

/** Of option 77: the elements of a list (RFC 3004), or else all of it as one, since iPXE sends the bare `iPXE`. */
export function userClasses(value: Value): readonly string[] {
  if (value === undefined) return [];
  return (listed(value) ?? [value]).map(textIn).filter((name) => name !== '');
}

/** undefined unless lengths and data come out even. */
function listed(value: Buffer): readonly Buffer[] | undefined {
  const elements: Buffer[] = [];
  let at = 0;
  while (at < value.length) {
    const end = at + 1 + value.readUInt8(at);
    elements.push(value.subarray(at + 1, end));
    at = end;
  }
  return at === value.length ? elements : undefined;
}

/** Of option 93 (RFC 4578, 2.1): as many as are whole, the client's best first. */
export function clientArchitectures(value: Value): readonly number[] {
  return wholes(value, 2, (bytes, at) => bytes.readUInt16BE(at));
}

/** RFC 4578, 2.3: the type, 0, and the UUID. */
const CLIENT_UUID_BYTES = 17;

/** Of option 97, as firmware and Linux print it: its first three fields are little-endian, as SMBIOS has them. */
export function clientUuid(value: Value): Uuid | undefined {
  if (value?.length !== CLIENT_UUID_BYTES || value[0] !== 0) return undefined;
  const digits = value.toString('hex', 1);
  const low = digits.slice(6, 8) + digits.slice(4, 6) + digits.slice(2, 4) + digits.slice(0, 2);
  const mid = digits.slice(10, 12) + digits.slice(8, 10);
  const high = digits.slice(14, 16) + digits.slice(12, 14);
  return `${low}-${mid}-${high}-${digits.slice(16, 20)}-${digits.slice(20)}` as Uuid;
}

/** The type of Ethernet (RFC 1700, Number Hardware Type): what follows is a hardware address. */
const ETHERNET = 1;
const ETHERNET_CLIENT_ID_BYTES = 7;

/** Of option 61 (RFC 2132, 9.14): undefined where it is no Ethernet address, as of DUIDs (RFC 4361) and UUIDs. */
export function hardwareClientId(value: Value): MacAddress | undefined {
  if (value?.length !== ETHERNET_CLIENT_ID_BYTES || value[0] !== ETHERNET) return undefined;
  return macOf(value.subarray(1));
}

export function writeU32(value: number): Buffer {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new DhcpCodecError(`${value} is no number of 32 bits`);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function writeU16(value: number): Buffer {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff)
    throw new DhcpCodecError(`${value} is no number of 16 bits`);
  return Buffer.of(value >> 8, value & 0xff);
}

/** Of option 1: as many ones as the prefix has. */
export function writeSubnetMask(prefixLength: number): Buffer {
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 32)
    throw new DhcpCodecError(`${prefixLength} is no length of a prefix`);
  return writeU32(prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0);
}

/** Of dotted quads. */
export function writeIp4s(...addresses: readonly string[]): Buffer {
  const bytes = Buffer.alloc(4 * addresses.length);
  for (const [index, address] of addresses.entries()) bytes.writeUInt32BE(ip4Number(address), 4 * index);
  return bytes;
}
