import { createHash } from 'node:crypto';
import type { Source } from './disk-sources.js';

/** Files and what they hold as one short text, the same for the same; one that cannot be read holds the reason. */
export function fingerprintOf(sources: readonly Source[]): string {
  const hash = createHash('sha256');
  for (const source of sources) {
    const contents = source.kind === 'text' ? source.text : source.why;
    hash.update(`\0${source.kind} ${source.file}\0`).update(contents).update('\0');
  }
  return hash.digest('hex');
}
