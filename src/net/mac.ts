declare const macBrand: unique symbol;

/** A hardware address in canonical spelling: lower-case hex pairs and colons, `52:54:00:12:34:56`. */
export type MacAddress = string & { readonly [macBrand]: true };

/** Ethernet has 6 bytes, EUI-64 8, InfiniBand 20 (RFC 4391); DHCP's chaddr holds at most 16 of them. */
const LENGTHS: ReadonlySet<number> = new Set([6, 8, 16, 20]);

/**
 * Any usual spelling: `52:54:00:12:34:56`, `52-54-00-12-34-56`, `525400123456`, `5254.0012.3456`, in any case.
 * undefined when it is none of them.
 */
export function parseMac(text: string): MacAddress | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed.length > 60) return undefined;
  const digits = hexDigits(trimmed);
  if (digits === undefined || !LENGTHS.has(digits.length / 2)) return undefined;
  return (digits.match(/../g) ?? []).join(':') as MacAddress;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(`${byte.toString(16).padStart(2, '0')}:`).readUIntBE(0, 3),
);
/** Written to again for each: to join texts leaves V8 a tree of them, which is put together when it is looked up. */
const spelled = Buffer.alloc(3 * Math.max(...LENGTHS));

/** Of its bytes; undefined when no card has so many. */
export function macOf(bytes: Uint8Array): MacAddress | undefined {
  if (!LENGTHS.has(bytes.length)) return undefined;
  let at = 0;
  for (const byte of bytes) {
    spelled.writeUIntBE(PAIRS[byte] ?? 0, at, 3);
    at += 3;
  }
  return spelled.toString('latin1', 0, at - 1) as MacAddress;
}

/** What cards without an address report, and what is everybody's: they identify nothing. */
export function isJunkMac(mac: MacAddress): boolean {
  return /^(00|ff)(:\1)*$/.test(mac);
}

function hexDigits(text: string): string | undefined {
  if (/^[0-9a-f]+$/.test(text)) return text;
  for (const [separator, width] of [
    [':', 2],
    ['-', 2],
    ['.', 4],
  ] as const) {
    const groups = text.split(separator);
    if (groups.length > 1 && groups.every((group) => group.length === width && /^[0-9a-f]+$/.test(group))) {
      return groups.join('');
    }
  }
  return undefined;
}
