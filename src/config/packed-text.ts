import { gunzipSync } from 'node:zlib';
import { describeError, systemErrorCode } from '../errors.js';

export type Unpacked =
  | { readonly kind: 'unpacked'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: string };

const MIB = 1024 * 1024;
/** As much as a document may be that is not packed: a few kilobytes may unpack to all memory there is. */
const MAX_BYTES = 4 * MIB;

/** Whether it begins as gzip does (RFC 1952, section 2.3.1), which no text in UTF-8 can. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What cloud-init makes of user data and vendor data that are packed (docs.cloud-init.io, explanation/format). Pure. */
export function unpacked(bytes: Uint8Array): Unpacked {
  try {
    return { kind: 'unpacked', bytes: gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) };
  } catch (thrown) {
    const isLarge = systemErrorCode(thrown) === 'ERR_BUFFER_TOO_LARGE';
    const why = isLarge ? `it unpacks to more than ${MAX_BYTES / MIB} MiB` : `gunzip says: ${describeError(thrown)}`;
    return { kind: 'refused', reason: `it begins as gzip does, and ${why}` };
  }
}
