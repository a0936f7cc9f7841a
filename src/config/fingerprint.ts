import { createHash } from 'node:crypto';
import type { Source } from './disk-sources.js';

/** Files by their names, and a short text that is the same for the same contents; one that cannot be read holds the reason. */
export type Fingerprints = ReadonlyMap<string, string>;

/** How it begins for a file that holds nothing, or comments alone: a script's first line looks like one, and counts. */
const EMPTY = 'empty ';

export function fingerprintsOf(sources: readonly Source[]): Fingerprints {
  return new Map(sources.map((source) => [source.file, fingerprintOf(source)]));
}

function fingerprintOf(source: Source): string {
  const start = source.kind === 'text' && isEmpty(source.text) ? EMPTY : '';
  const contents = source.kind === 'unreadable' ? source.why : source.bytes;
  return `${start}${createHash('sha256').update(`${source.kind}\0`).update(contents).digest('hex')}`;
}

function isEmpty(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(?:#.*|---\s*)?$/.test(line));
}

/** Files that held something before and hold nothing now. */
export function emptied(before: Fingerprints, now: Fingerprints): readonly string[] {
  return [...now].flatMap(([file, print]) => {
    const old = before.get(file);
    return print.startsWith(EMPTY) && old?.startsWith(EMPTY) === false ? [file] : [];
  });
}

/** Whether they are the same files, and hold the same. */
export function holdTheSame(one: Fingerprints, other: Fingerprints): boolean {
  return one.size === other.size && doNotContradict(one, other) && [...one.keys()].every((file) => other.has(file));
}

/** Whether the files that both know hold the same. */
export function doNotContradict(one: Fingerprints, other: Fingerprints): boolean {
  return [...one].every(([file, print]) => (other.get(file) ?? print) === print);
}
