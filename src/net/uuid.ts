declare const uuidBrand: unique symbol;

/** An SMBIOS UUID as firmware and Linux print it: lower case with dashes (SMBIOS 7.2.1). */
export type Uuid = string & { readonly [uuidBrand]: true };

const FORM = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;

/** Any case, with or without dashes, braces or `urn:uuid:`; undefined when it is no UUID. */
export function parseUuid(text: string): Uuid | undefined {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^urn:uuid:/, '')
    .replace(/^\{(.*)\}$/, '$1');
  const match = FORM.exec(bare);
  return match === null ? undefined : (match.slice(1).join('-') as Uuid);
}

/**
 * The same 16 bytes read in SMBIOS's other byte order: the first three fields are little-endian on the wire since
 * SMBIOS 2.6, and older firmware and some tools print them the other way round.
 */
export function swapUuid(uuid: Uuid): Uuid {
  const [low = '', mid = '', high = '', ...rest] = uuid.split('-');
  return [swapBytes(low), swapBytes(mid), swapBytes(high), ...rest].join('-') as Uuid;
}

function swapBytes(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join('');
}

/** What boards without a UUID of their own report; they identify nothing. */
const PLACEHOLDERS = [
  '03000200-0400-0500-0006-000700080009',
  '00020003-0004-0005-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '12345678-1234-1234-1234-123456789abc',
  '00112233-4455-6677-8899-aabbccddeeff',
];
const JUNK: ReadonlySet<string> = new Set([...PLACEHOLDERS, ...PLACEHOLDERS.map((one) => swapUuid(one as Uuid))]);

export function isJunkUuid(uuid: Uuid): boolean {
  return /^(.)(?:-?\1)*$/.test(uuid) || JUNK.has(uuid);
}
