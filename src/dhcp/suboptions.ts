import { DhcpCodecError } from './codec-error.js';

/** What options 43 (RFC 2132, 8.4), 82 (RFC 3046) and 175 (iPXE) hold: options of their own, by their codes. */
export type Suboptions = ReadonlyMap<number, Buffer>;

/** RFC 2132, 8.4; relays have neither, and no sub-options of these codes. */
const PAD = 0;
const END = 255;

/** Views of `bytes`. What is cut off is left out: nobody's boot shall fail at it. Of a code that is repeated, the first counts. */
export function readSuboptions(bytes: Buffer): Suboptions {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    const code = bytes.readUInt8(at);
    at += 1;
    if (code === END) break;
    if (code === PAD) continue;
    const end = at + 1 + (bytes[at] ?? 0);
    if (end > bytes.length) break;
    if (!found.has(code)) found.set(code, bytes.subarray(at + 1, end));
    at = end;
  }
  return found;
}

/** `hasEnd`: PXE clients want an END in option 43. Throws a DhcpCodecError at what has no place in a sub-option. */
export function writeSuboptions(suboptions: Suboptions, { hasEnd = false } = {}): Buffer {
  const parts: Buffer[] = [];
  for (const [code, value] of suboptions) {
    if (!Number.isInteger(code) || code <= PAD || code >= END)
      throw new DhcpCodecError(`${code} is no code of a sub-option`);
    if (value.length > 255) throw new DhcpCodecError(`sub-option ${code} has ${value.length} bytes, and can have 255`);
    parts.push(Buffer.of(code, value.length), value);
  }
  return Buffer.concat(hasEnd ? [...parts, Buffer.of(END)] : parts);
}
