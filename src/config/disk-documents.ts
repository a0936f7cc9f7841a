import { stat } from 'node:fs/promises';
import { Documents } from '../provision/documents.js';
import { readSources, type Source } from './disk-sources.js';
import { type ProvisionHolder, usesOf } from './document-uses.js';
import { emptied, type Fingerprints, fingerprintsOf } from './fingerprint.js';
import { judgeDocuments } from './judge-documents.js';
import type { Problem } from './problem.js';

/** What became of the files that assignments hand out, or fill in. */
export type DocumentsRead = {
  /** What they held, for who watches them. */
  readonly sources: readonly Source[];
  /** Missing where nobody wanted them read. */
  readonly documents?: Documents;
  /** At the places where they are named. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
};

export type DocumentsWish = {
  /** Not everybody may read them who may read the configuration. */
  readonly withSecrets: boolean;
  /** Of the configuration that counts now: a file that held something and holds nothing now is a mishap. */
  readonly inForce?: Fingerprints;
};

const MIB = 1024 * 1024;
const MAX_BYTES = 4 * MIB;
/** They are kept in memory, and copied between threads. */
const MAX_BYTES_OF_ALL = 64 * MIB;
const AT_ONCE = 32;
const OTHERS_MAY_READ = 0o004;

/** Reads each file once, whoever names it, and judges what it holds. Never rejects. */
export async function readDocuments(
  holders: readonly ProvisionHolder[],
  { withSecrets, inForce }: DocumentsWish,
): Promise<DocumentsRead> {
  if (!withSecrets) return { sources: [], problems: [], warnings: [] };
  const uses = usesOf(holders);
  const { sources, faults } = await readWithin([...new Set(uses.map(({ named }) => named))]);
  for (const file of emptiedSince(inForce, sources)) faults.set(file, wasEmptied(file));
  const sound = sources.flatMap((source) => (source.kind !== 'unreadable' && !faults.has(source.file) ? [source] : []));
  const documents = new Documents(new Map(sound.map(({ file, bytes }) => [file, bytes])));
  const { problems, warnings } = judgeDocuments(uses, documents);
  const open = await readableByOthers(sound);
  for (const use of uses) {
    const fault = faults.get(use.named);
    if (fault !== undefined) problems.add(use, fault);
    // Once, whoever else names it. What is secret is to stand there: a document may lie in a repository, as the mapping does.
    if (use.document === undefined && open.delete(use.named))
      warnings.add(use, `every user of this host may read ${use.named}: chmod o-r ${use.named}`);
  }
  return { sources, documents, problems: problems.problems(), warnings: warnings.warnings() };
}

/** What they held, and why nothing is to be had of some. */
type Within = { readonly sources: readonly Source[]; readonly faults: Map<string, string> };

/** Those beyond the bound are not read, and not watched either. */
async function readWithin(files: readonly string[]): Promise<Within> {
  const sources: Source[] = [];
  const faults = new Map<string, string>();
  let bytes = 0;
  while (sources.length < files.length && bytes <= MAX_BYTES_OF_ALL) {
    for (const source of await readSources(files.slice(sources.length, sources.length + AT_ONCE))) {
      const length = source.kind === 'unreadable' ? 0 : source.bytes.length;
      const isTheOne = bytes <= MAX_BYTES_OF_ALL && bytes + length > MAX_BYTES_OF_ALL;
      const alone = source.kind === 'unreadable' ? cannotRead(source) : whyTooLarge(source.file, length);
      const fault = alone ?? (isTheOne ? TOO_MUCH : undefined);
      if (fault !== undefined) faults.set(source.file, fault);
      sources.push(source);
      bytes += length;
    }
  }
  return { sources, faults };
}

const TOO_MUCH = `what assignments hand out is more than ${MAX_BYTES_OF_ALL / MIB} MiB together: let systems fetch what is large from elsewhere`;

function whyTooLarge(file: string, length: number): string | undefined {
  if (length <= MAX_BYTES) return undefined;
  return `${file} is larger than ${MAX_BYTES / MIB} MiB: let systems fetch what is large from elsewhere`;
}

function cannotRead({ file, why }: Source & { readonly kind: 'unreadable' }): string {
  return `cannot read ${file} (${why}): name a file that the server may read`;
}

/** More likely a file that is just being written than one that is to hold nothing. */
function wasEmptied(file: string): string {
  return `${file} is empty now: if it is to be, send the server a SIGHUP`;
}

function emptiedSince(inForce: Fingerprints | undefined, sources: readonly Source[]): readonly string[] {
  if (inForce === undefined) return [];
  const empty = sources.filter((source) => source.kind === 'text' && source.text.trim() === '');
  return emptied(inForce, fingerprintsOf(empty));
}

async function readableByOthers(sources: readonly Source[]): Promise<Set<string>> {
  const open = new Set<string>();
  for (let at = 0; at < sources.length; at += AT_ONCE) {
    const some = sources.slice(at, at + AT_ONCE);
    const modes = await Promise.all(some.map(async ({ file }) => (await stat(file).catch(() => undefined))?.mode ?? 0));
    for (const [position, { file }] of some.entries()) {
      if (((modes[position] ?? 0) & OTHERS_MAY_READ) !== 0) open.add(file);
    }
  }
  return open;
}
