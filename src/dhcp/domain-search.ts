import { DhcpCodecError } from './codec-error.js';

/** RFC 1035, 2.3.4. */
const MAX_LABEL_BYTES = 63;
/** RFC 1035, 4.1.4: two bits that say what follows, and fourteen of the place. */
const POINTER = 0xc000;
const MAX_PLACE = 0x3fff;

/**
 * Of option 119 (RFC 3397): names as DNS has them, each end that was there before as a pointer to it. Throws a DhcpCodecError at
 * what is no name.
 */
export function writeDomainSearch(domains: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  const places = new Map<string, number>();
  let length = 0;
  const add = (bytes: Buffer) => {
    parts.push(bytes);
    length += bytes.length;
  };
  for (const domain of domains) {
    const labels = domain.toLowerCase().split('.');
    let isEnded = false;
    while (labels.length > 0 && !isEnded) {
      const rest = labels.join('.');
      const known = places.get(rest);
      if (known !== undefined) {
        add(Buffer.of((POINTER | known) >> 8, known & 0xff));
        isEnded = true;
      } else {
        if (length <= MAX_PLACE) places.set(rest, length);
        add(labelBytes(labels.shift() ?? '', domain));
      }
    }
    if (!isEnded) add(Buffer.of(0));
  }
  return Buffer.concat(parts);
}

function labelBytes(label: string, domain: string): Buffer {
  const bytes = Buffer.from(label);
  if (bytes.length === 0 || bytes.length > MAX_LABEL_BYTES)
    throw new DhcpCodecError(`${JSON.stringify(domain.slice(0, 253))} is no name of a domain`);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
