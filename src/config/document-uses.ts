import type { Assignment } from '../boot/assignment.js';
import { counted } from '../format.js';
import type { DocumentSource, Provision } from '../provision/provision.js';
import type { Path, Problem } from './problem.js';
import type { Entry } from './unique.js';

/** A file that an assignment hands out or fills in, and where in the configuration it is named. */
export type DocumentUse = {
  /** Absolute: what is read. */
  readonly named: string;
  /** Below `provision` of the entry: `secrets`, `root`. */
  readonly keys: readonly string[];
  readonly entry: Entry<Assignment>;
  readonly provision: Provision;
  /** Missing of a secret. */
  readonly document?: DocumentSource;
};

/** In the order of the configuration. Pure. */
export function usesOf(assignments: readonly Entry<Assignment>[]): readonly DocumentUse[] {
  return assignments.flatMap((entry): readonly DocumentUse[] => {
    const { provision } = entry.value;
    if (provision === undefined) return [];
    const { documents, secrets } = provision;
    const shared = { entry, provision };
    return [
      ...documents.map((document) => ({ ...shared, named: document.file, keys: keysOf(document), document })),
      ...Object.entries(secrets).map(([name, { file }]) => ({ ...shared, named: file, keys: ['secrets', name] })),
    ];
  });
}

/** Of `files`, the rest is the name of one, which may have dots. */
function keysOf({ key }: DocumentSource): readonly string[] {
  const dot = key.indexOf('.');
  return dot === -1 ? [key] : [key.slice(0, dot), key.slice(dot + 1)];
}

/** What is said of documents, each once however many assignments it is said of: many share a few files. */
export class SaidOfDocuments {
  readonly #said = new Map<string, { readonly use: DocumentUse; readonly message: string; others: number }>();

  add(use: DocumentUse, message: string): void {
    const said = `${keyOf(use)} ${message}`;
    const known = this.#said.get(said);
    if (known === undefined) this.#said.set(said, { use, message, others: 0 });
    else known.others += 1;
  }

  /** Where the first of them is written. */
  problems(): readonly Problem[] {
    return [...this.#said.values()].map(({ use: { entry, keys }, message, others }) => {
      const path: Path = [...entry.path, 'provision', ...keys];
      return { file: entry.file, path, message: `${message}${andOthers(others)}` };
    });
  }

  /** By the name of the first, a few of them. */
  warnings(): readonly string[] {
    const all = [...this.#said.values()];
    const told = all.slice(0, MOST_WARNINGS).map(({ use, message, others }) => {
      return `assignment "${use.entry.value.name}": ${keyOf(use)}: ${message}${andOthers(others)}`;
    });
    return all.length <= told.length ? told : [...told, `and ${all.length - told.length} more of provision`];
  }
}

/** As people read it: `provision.secrets.root`. */
function keyOf({ keys }: DocumentUse): string {
  return `provision.${keys.join('.')}`;
}

/** They are printed, and logged, at each start. */
const MOST_WARNINGS = 20;

function andOthers(count: number): string {
  return count === 0 ? '' : ` (the same of ${counted(count, 'more assignment')})`;
}
