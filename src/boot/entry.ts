import { BootlayerError } from '../errors.js';

/** Machines and assignments as operators write them, one by one. */

export const ENTRY_KINDS = ['machine', 'assignment'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** As lists of them are called, in words and in paths. */
export const PLURALS = { machine: 'machines', assignment: 'assignments' } as const;

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

/** Which entries are listed: by name, after the one where the page before ended. */
export type EntryQuery = {
  readonly limit: number;
  readonly after?: string;
  /** In whichever spelling; part of what names or identifies it. */
  readonly search?: string;
  /** Of machines: all of them, with these values. */
  readonly labels?: readonly (readonly [label: string, value: string])[];
  readonly source?: EntrySource['kind'];
};

/** `next`: the name after which the next page begins; missing at the end. */
export type EntryPage = { readonly entries: readonly ShownEntry[]; readonly next?: string };

/** A change of one entry. */
export type EntryWish = {
  readonly kind: EntryKind;
  readonly name: string;
  /** From what the API has of it to what it is to have; undefined deletes. What it throws refuses the change. */
  readonly edit: (current: ShownEntry | undefined) => EntryDocument | undefined;
};

export type EntryChanged =
  | { readonly kind: 'put'; readonly isNew: boolean; readonly entry: ShownEntry }
  | { readonly kind: 'deleted' };

/** Of a name that is none; of machines that no entry is of, the MAC is the name. */
export function unknownEntry(kind: EntryKind, name: string): BootlayerError {
  return new BootlayerError('NOT_FOUND', `there is no ${kind} "${name}"`, {
    remedy: `"bootlayer ${kind} ls", or GET /api/v1/${PLURALS[kind]}, lists what there is`,
  });
}
