import { createHash } from 'node:crypto';

/** Files and what they hold as one short text, the same for the same; a file that cannot be read holds the reason. */
export function fingerprintOf(files: readonly { readonly file: string; readonly text: string | Uint8Array }[]): string {
  const hash = createHash('sha256');
  for (const { file, text } of files) hash.update(`\0${file}\0`).update(text).update('\0');
  return hash.digest('hex');
}
