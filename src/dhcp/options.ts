import { DhcpCodecError } from './codec-error.js';
import { FILE, HEADER_BYTES, type Overload, SNAME } from './header.js';
import { OPTION } from './option-code.js';

/**
 * What a packet's options hold, by their codes, in the order in which they first came: what came in several pieces is one
 * (RFC 3396), else a view of the packet. Never 52: it tells of a packet's form, and is gone with that.
 */
export type DhcpOptions = ReadonlyMap<number, Buffer>;

export type ScannedOptions =
  | ({ readonly kind: 'options'; readonly options: DhcpOptions } & Overload)
  | { readonly kind: 'malformed'; readonly reason: string };

/** RFC 2132, 3.1 and 3.2. */
const PAD = 0;
const END = 255;
/** RFC 2132, 2: its length is one byte. */
const MAX_PIECE = 255;

type Found = {
  readonly options: Map<number, Buffer>;
  /** All pieces of what came more than once. */
  readonly pieces: Map<number, Buffer[]>;
};

/**
 * The options of a packet: those behind its header, then those in `file`, then those in `sname` (RFC 2131, 4.1). `bytes`: at
 * least a header's. Some clients send no END. An option that the packet's end cuts off makes it malformed, though: no firmware
 * sends that, and what is lost may be what tells a request to another server from one to this.
 */
export function scanOptions(bytes: Buffer): ScannedOptions {
  const found: Found = { options: new Map(), pieces: new Map() };
  let cut = collect(bytes, HEADER_BYTES, bytes.length, found);
  const overload = overloadOf(found.options.get(OPTION.overload));
  const inFile = (overload & 1) !== 0;
  const inSname = (overload & 2) !== 0;
  if (inFile) cut ??= collect(bytes, FILE.at, FILE.at + FILE.bytes, found);
  if (inSname) cut ??= collect(bytes, SNAME.at, SNAME.at + SNAME.bytes, found);
  if (cut !== undefined) return { kind: 'malformed', reason: `its option ${cut} is cut off` };
  for (const [code, pieces] of found.pieces) found.options.set(code, Buffer.concat(pieces));
  found.options.delete(OPTION.overload);
  return { kind: 'options', options: found.options, inFile, inSname };
}

/** Of the first, if there are more; 0 for what makes no sense (RFC 2132, 9.3). */
function overloadOf(value: Buffer | undefined): number {
  const overload = value?.length === 1 ? value.readUInt8(0) : 0;
  return overload <= 3 ? overload : 0;
}

/** Answers the code of the option that does not end there, if any. */
function collect(bytes: Buffer, from: number, to: number, { options, pieces }: Found): number | undefined {
  for (let at = from; at < to; ) {
    const code = bytes[at] ?? END;
    at += 1;
    if (code === END) return undefined;
    if (code === PAD) continue;
    const end = at + 1 + (bytes[at] ?? 0);
    if (end > to) return code;
    const value = bytes.subarray(at + 1, end);
    const before = options.get(code);
    if (before === undefined) options.set(code, value);
    // Joined at the end: a packet of nothing but pieces would be copied again for each.
    else pieces.set(code, addTo(pieces.get(code) ?? [before], value));
    at = end;
  }
  return undefined;
}

function addTo(list: Buffer[], value: Buffer): Buffer[] {
  list.push(value);
  return list;
}

/** These first: servers and clients alike look for them before anything else. */
const FIRST: readonly number[] = [OPTION.messageType, OPTION.serverId];
/**
 * These last. EDK2 writes a NUL behind the boot file's name, over what follows; the relay's is behind everything (RFC 3046,
 * 2.1), and taken out by the relay before EDK2 sees it.
 */
const LAST: readonly number[] = [OPTION.bootFileName, OPTION.relayAgent];
const PLACED: ReadonlySet<number> = new Set([...FIRST, ...LAST]);

/** Bytes of all options, with END. Throws a DhcpCodecError at a code that is none. */
export function optionsLength(options: DhcpOptions): number {
  let length = 1;
  for (const [code, value] of options) {
    if (!Number.isInteger(code) || code <= PAD || code >= END || code === OPTION.overload)
      throw new DhcpCodecError(`${code} is no code of an option that can be written`);
    length += optionLength(value);
  }
  return length;
}

/** Bytes of one option, in pieces if it must be. */
export function optionLength(value: Buffer): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / MAX_PIECE));
}

/** Writes all options but those `left out`, and END. `target` has room for them. */
export function writeOptions(options: DhcpOptions, leftOut: ReadonlySet<number>, target: Buffer, from: number): void {
  let at = from;
  for (const code of FIRST) at = leftOut.has(code) ? at : writeOption(code, options.get(code), target, at);
  for (const [code, value] of options)
    if (!PLACED.has(code) && !leftOut.has(code)) at = writeOption(code, value, target, at);
  for (const code of LAST) at = leftOut.has(code) ? at : writeOption(code, options.get(code), target, at);
  target[at] = END;
}

/** Answers where it ends. */
function writeOption(code: number, value: Buffer | undefined, target: Buffer, from: number): number {
  if (value === undefined) return from;
  let at = from;
  let written = 0;
  do {
    const length = Math.min(MAX_PIECE, value.length - written);
    target[at] = code;
    target[at + 1] = length;
    value.copy(target, at + 2, written, written + length);
    written += length;
    at += 2 + length;
  } while (written < value.length);
  return at;
}
