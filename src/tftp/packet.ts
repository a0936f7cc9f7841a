import tftp2 from 'tftp2';
import { asciiLine } from '../format.js';

const { OPCODE } = tftp2.Packet;
/** RFC 2347, "Packet Formats". */
const OACK = 6;

/** RFC 2347: a request packet has 512 bytes at most. */
const MAX_REQUEST_BYTES = 512;
/** Nobody knows more than a handful. */
const MAX_OPTIONS = 16;
/** Loaders print them, and so does the log. */
const MAX_ERROR_CHARACTERS = 200;
/** RFC 1350, 5: of a block when nothing else was agreed on. */
export const DEFAULT_BLOCK_BYTES = 512;

export type Option = readonly [name: string, value: string];

export type Request = {
  readonly kind: 'read' | 'write';
  /** As it was sent, a character for each byte. */
  readonly filename: string;
  /** In lower case. */
  readonly mode: string;
  /** In the order in which they were sent, names as they were spelled. */
  readonly options: readonly Option[];
};

/** What a client sends. */
export type Incoming =
  | Request
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  /** `isRequest`: it was meant to be one. */
  | { readonly kind: 'malformed'; readonly why: string; readonly isRequest: boolean };

/** RFC 1350, appendix, and RFC 2347. */
export const TFTP_ERRORS = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransfer: 5,
} as const;

export type TftpError = keyof typeof TFTP_ERRORS;

/** What a client is told instead of being sent anything. */
export type Refusal = { readonly error: TftpError; readonly message: string };

/** Never throws: datagrams come from anybody. */
export function decodePacket(bytes: Buffer): Incoming {
  const opcode = bytes.length < 2 ? undefined : bytes.readUInt16BE(0);
  const isRequest = opcode === OPCODE.RRQ || opcode === OPCODE.WRQ;
  if (opcode === undefined || bytes.length < 4) return { kind: 'malformed', why: 'it is too short', isRequest };
  switch (opcode) {
    case OPCODE.RRQ:
      return decodeRequest('read', bytes);
    case OPCODE.WRQ:
      return decodeRequest('write', bytes);
    case OPCODE.ACK:
      // Old loaders send more behind it.
      return { kind: 'ack', block: bytes.readUInt16BE(2) };
    case OPCODE.ERROR:
      return { kind: 'error', code: bytes.readUInt16BE(2), message: errorMessage(bytes) };
    default:
      return { kind: 'malformed', why: `it has the opcode ${opcode}`, isRequest };
  }
}

function decodeRequest(kind: Request['kind'], bytes: Buffer): Incoming {
  if (bytes.length > MAX_REQUEST_BYTES) return malformed('the request is too long');
  const texts: string[] = [];
  for (let start = 2; start < bytes.length && texts.length < 2 + 2 * MAX_OPTIONS; ) {
    const end = bytes.indexOf(0, start);
    // What has no end is as good as not sent (some ROMs pad their packets), unless the mode itself is missing.
    if (end === -1) break;
    texts.push(textUpTo(bytes, start, end));
    start = end + 1;
  }
  const [filename, mode, ...rest] = texts;
  if (filename === undefined || filename === '' || mode === undefined)
    return malformed('the request names no file or mode');
  const options: Option[] = [];
  for (let at = 0; at + 1 < rest.length; at += 2) options.push([rest[at] ?? '', rest[at + 1] ?? '']);
  return { kind, filename, mode: mode.toLowerCase(), options };
}

function textUpTo(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end === -1 ? bytes.length : end);
}

/** It is logged: the rest may be anything. */
function errorMessage(bytes: Buffer): string {
  return asciiLine(textUpTo(bytes, 4, bytes.indexOf(0, 4)).slice(0, MAX_ERROR_CHARACTERS));
}

function malformed(why: string): Incoming {
  return { kind: 'malformed', why, isRequest: true };
}

/** `block`: of any size; 65536 is written as 0, as iPXE, EDK2 and U-Boot count. */
export function encodeData(block: number, data: Buffer): Buffer {
  if (data.length <= DEFAULT_BLOCK_BYTES) return tftp2.Packet.createData(block % 0x10000, data);
  const packet = Buffer.allocUnsafe(4 + data.length);
  writeDataHeader(packet, block);
  data.copy(packet, 4);
  return packet;
}

/** The four bytes before a block's data. */
function writeDataHeader(packet: Buffer, block: number): void {
  packet.writeUInt16BE(OPCODE.DATA, 0);
  packet.writeUInt16BE(block % 0x10000, 2);
}

export function encodeOack(options: readonly Option[]): Buffer {
  return withOpcode(OACK, `${options.flat().join('\0')}\0`);
}

/** In ASCII: loaders print it. */
export function encodeError({ error, message }: Refusal): Buffer {
  const code = Buffer.from([0, TFTP_ERRORS[error]]).toString('latin1');
  const said = asciiLine(message).slice(0, MAX_ERROR_CHARACTERS);
  return withOpcode(OPCODE.ERROR, `${code}${said}\0`);
}

function withOpcode(opcode: number, rest: string): Buffer {
  const packet = Buffer.from(`\0\0${rest}`, 'latin1');
  packet.writeUInt16BE(opcode, 0);
  return packet;
}
