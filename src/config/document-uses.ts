import type { Assignment } from '../boot/assignment.js';
import { counted } from '../format.js';
import type { DocumentSource, Provision } from '../provision/provision.js';
import type { Path, Problem } from './problem.js';
import type { Entry } from './unique.js';

/** A file that an assignment hands out or fills in, and where in the configuration it is named. */
export type DocumentUse = {
  /** Absolute: what is read. */
  readonly named: string;
  /** As people read it: `provision.secrets.root`. */
  readonly key: string;
  /** The file of the configuration. */
  readonly file: string;
  readonly path: Path;
  readonly assignment: Assignment;
  readonly provision: Provision;
  /** Missing of a secret. */
  readonly document?: DocumentSource;
};

/** In the order of the configuration. Pure. */
export function usesOf(assignments: readonly Entry<Assignment>[]): readonly DocumentUse[] {
  return assignments.flatMap(({ file, path, value: assignment }) => {
    const { provision } = assignment;
    if (provision === undefined) return [];
    const use = (keys: readonly string[], named: string, document?: DocumentSource): DocumentUse => {
      const place = { key: ['provision', ...keys].join('.'), file, path: [...path, 'provision', ...keys] };
      return { named, ...place, assignment, provision, ...(document !== undefined && { document }) };
    };
    return [
      ...provision.documents.map((document) => use(keysOf(document), document.file, document)),
      ...Object.entries(provision.secrets).map(([name, secret]) => use(['secrets', name], secret.file)),
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
    const known = this.#said.get(`${use.key} ${message}`);
    if (known === undefined) this.#said.set(`${use.key} ${message}`, { use, message, others: 0 });
    else known.others += 1;
  }

  /** Where the first of them is written. */
  problems(): readonly Problem[] {
    return [...this.#said.values()].map(({ use: { file, path }, message, others }) => {
      return { file, path, message: `${message}${andOthers(others)}` };
    });
  }

  /** By the name of the first, a few of them. */
  warnings(): readonly string[] {
    const all = [...this.#said.values()];
    const told = all.slice(0, MOST_WARNINGS).map(({ use: { assignment, key }, message, others }) => {
      return `assignment "${assignment.name}": ${key}: ${message}${andOthers(others)}`;
    });
    return all.length <= told.length ? told : [...told, `and ${all.length - told.length} more of provision`];
  }
}

/** They are printed, and logged, at each start. */
const MOST_WARNINGS = 20;

function andOthers(count: number): string {
  return count === 0 ? '' : ` (the same of ${counted(count, 'more assignment')})`;
}
