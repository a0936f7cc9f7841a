import { decodePacket, type Incoming, type Option } from './packet.js';

/** A packet of TFTP that somebody else sends and receives: what clients send, and what servers do. */
export type HeardPacket =
  | Incoming
  | { readonly kind: 'data'; readonly block: number; readonly bytes: number }
  | { readonly kind: 'oack'; readonly options: readonly Option[] };

/** RFC 1350, 5, and RFC 2347. */
const DATA = 3;
const OACK = 6;
const HEADER_BYTES = 4;
const MAX_OPTIONS = 16;

/** Never throws. `missing`: bytes of it that a capture left out. */
export function decodeHeard(bytes: Buffer, missing = 0): HeardPacket {
  const opcode = bytes.length < 2 ? undefined : bytes.readUInt16BE(0);
  if (opcode === DATA && bytes.length >= HEADER_BYTES)
    return { kind: 'data', block: bytes.readUInt16BE(2), bytes: bytes.length - HEADER_BYTES + missing };
  if (opcode === OACK) return { kind: 'oack', options: optionsIn(bytes) };
  return decodePacket(bytes);
}

function optionsIn(bytes: Buffer): readonly Option[] {
  const texts = bytes
    .toString('latin1', 2, Math.min(bytes.length, 512))
    .split('\0')
    .slice(0, 2 * MAX_OPTIONS);
  const options: Option[] = [];
  for (let at = 0; at + 1 < texts.length; at += 2) options.push([texts[at] ?? '', texts[at + 1] ?? '']);
  return options;
}
