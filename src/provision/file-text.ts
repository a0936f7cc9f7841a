const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The text that a file holds, without its byte order mark; undefined where it is not in UTF-8. */
export function textIn(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text in UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Why a file does not do where a text is wanted. */
export const NOT_UTF8 = 'it is not in UTF-8';
