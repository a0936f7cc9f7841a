/** Machines and assignments as operators write them, one by one. */

export const ENTRY_KINDS = ['machine', 'assignment'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** A JSON object. */
export type EntryDocument = Readonly<Record<string, unknown>>;

/** Where an entry is written; files' lines are counted from 1. */
export type EntrySource =
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'api' };

/** An entry for those who look at it. */
export type ShownEntry = {
  readonly kind: EntryKind;
  readonly name: string;
  /** As it is written; nothing is left of one that cannot be read any more. */
  readonly document: EntryDocument;
  /** Another with every other document. */
  readonly revision: string;
  readonly source: EntrySource;
  /** Why it is out of force; none when it counts. */
  readonly problems: readonly string[];
};

/** `/etc/bootlayer/rack-1.yaml:12` */
export function formatSource(source: EntrySource): string {
  return source.kind === 'api' ? 'the API' : `${source.file}:${source.line}`;
}
