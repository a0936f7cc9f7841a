import { DhcpCodecError } from './codec-error.js';
import { type DhcpHeader, decodeHeader, encodeHeader, HEADER_BYTES, headerFault } from './header.js';
import { type DhcpOptions, optionLength, optionsLength, scanOptions, writeOptions } from './options.js';

/** A packet of DHCP for IPv4 (RFC 2131): the payload of a UDP datagram. */
export type DhcpPacket = DhcpHeader & { readonly options: DhcpOptions };

export type Decoded =
  | { readonly kind: 'packet'; readonly packet: DhcpPacket }
  | { readonly kind: 'malformed'; readonly reason: string };

/** BOOTP's packets had no fewer bytes (RFC 951, 3), and some ROMs and relays drop what is shorter. */
const MIN_BYTES = 300;

/** Tolerant, and never throws: datagrams come from anybody. What it answers holds views of `bytes`. */
export function decodePacket(bytes: Buffer): Decoded {
  const fault = headerFault(bytes);
  if (fault !== undefined) return { kind: 'malformed', reason: fault };
  const scanned = scanOptions(bytes);
  if (scanned.kind === 'malformed') return scanned;
  // A copy of the header by spreading would take longer than all the rest.
  return { kind: 'packet', packet: Object.assign(decodeHeader(bytes, scanned), { options: scanned.options }) };
}

export type EncodeLimits = {
  /** Of the datagram's payload. */
  readonly maxBytes: number;
  /** Options that are left out, in this order, while it would be longer. */
  readonly droppable?: readonly number[];
};

/**
 * Strict: throws a DhcpCodecError that says what does not fit, or which width is wrong. Options follow one another as they do
 * in the map, but 53 and 54 come first, and 67, then 82, last; what is longer than 255 bytes is written in pieces (RFC 3396).
 */
export function encodePacket(packet: DhcpPacket, limits: EncodeLimits): Buffer {
  const { leftOut, length } = whatFits(packet.options, limits);
  const bytes = encodeHeader(packet, length);
  writeOptions(packet.options, leftOut, bytes, HEADER_BYTES);
  return bytes;
}

type Fitting = { readonly leftOut: ReadonlySet<number>; readonly length: number };

function whatFits(options: DhcpOptions, { maxBytes, droppable = [] }: EncodeLimits): Fitting {
  let length = HEADER_BYTES + optionsLength(options);
  const leftOut = new Set<number>();
  for (const code of droppable) {
    if (length <= maxBytes) break;
    const value = options.get(code);
    if (value === undefined || leftOut.has(code)) continue;
    leftOut.add(code);
    length -= optionLength(value);
  }
  length = Math.max(MIN_BYTES, length);
  if (length <= maxBytes) return { leftOut, length };
  throw new DhcpCodecError(`the packet has ${length} bytes, and the client takes ${maxBytes}${longestOf(options)}`);
}

function longestOf(options: DhcpOptions): string {
  const [longest] = [...options].toSorted(([, one], [, other]) => other.length - one.length);
  return longest === undefined ? '' : `: its longest option is ${longest[0]}, of ${longest[1].length} bytes`;
}
