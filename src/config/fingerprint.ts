import { createHash } from 'node:crypto';
import type { Source } from './disk-sources.js';

/** Files by their names, and a short text that is the same for the same contents; one that cannot be read holds the reason. */
export type Fingerprints = ReadonlyMap<string, string>;

export function fingerprintsOf(sources: readonly Source[]): Fingerprints {
  return new Map(sources.map((source) => [source.file, fingerprintOf(source)]));
}

function fingerprintOf(source: Source): string {
  const contents = source.kind === 'text' ? source.text : source.why;
  return createHash('sha256').update(`${source.kind}\0`).update(contents).digest('hex');
}

/** Whether they are the same files, and hold the same. */
export function isSame(one: Fingerprints, other: Fingerprints): boolean {
  return one.size === other.size && [...one].every(([file, print]) => other.get(file) === print);
}

/** Whether the files that both know hold the same. */
export function agree(one: Fingerprints, other: Fingerprints): boolean {
  return [...one].every(([file, print]) => (other.get(file) ?? print) === print);
}
