import { counted } from '../format.js';
import type { DocumentSource, Provision } from '../provision/provision.js';
import type { Path, Problem } from './problem.js';
import type { GatheredFiles } from './read.js';

/** Who says what is handed out, and where in the configuration: an assignment by itself, or a set that assignments take. */
export type ProvisionHolder = {
  readonly kind: 'assignment' | 'set';
  readonly name: string;
  readonly file: string;
  readonly path: Path;
  readonly provision: Provision;
};

/** In the order of the configuration, the sets last, also those that nobody takes: the API may do so at any time. Pure. */
export function holdersIn({
  main,
  mapping,
  provisions,
}: Pick<GatheredFiles, 'mapping' | 'provisions'> & {
  readonly main: Pick<GatheredFiles['main'], 'file'>;
}): readonly ProvisionHolder[] {
  const ofAssignments = mapping.assignments.flatMap(({ file, path, value: { name, provision } }) => {
    if (provision === undefined || provision.set !== undefined) return [];
    return [{ kind: 'assignment', name, file, path: [...path, 'provision'], provision } as const];
  });
  const sets = [...provisions.all()].map(([name, provision]) => {
    return { kind: 'set', name, file: main.file, path: ['provisions', name], provision } as const;
  });
  return [...ofAssignments, ...sets];
}

/** A file that is handed out or filled in, and where in the configuration it is named. */
export type DocumentUse = {
  /** Absolute: what is read. */
  readonly named: string;
  /** Below what its holder says: `secrets`, `root`. */
  readonly keys: readonly string[];
  readonly holder: ProvisionHolder;
  readonly provision: Provision;
  /** Missing of a secret. */
  readonly document?: DocumentSource;
};

/** In the order of the holders. Pure. */
export function usesOf(holders: readonly ProvisionHolder[]): readonly DocumentUse[] {
  return holders.flatMap((holder): readonly DocumentUse[] => {
    const { provision } = holder;
    const { documents, secrets } = provision;
    const shared = { holder, provision };
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

/** What is said of documents, each once however many assignments it is said of, or sets: many share a few files. */
export class SaidOfDocuments {
  readonly #said = new Map<string, { readonly use: DocumentUse; readonly message: string; others: number }>();

  add(use: DocumentUse, message: string): void {
    const said = `${use.holder.kind} ${keyOf(use)} ${message}`;
    const known = this.#said.get(said);
    if (known === undefined) this.#said.set(said, { use, message, others: 0 });
    else known.others += 1;
  }

  /** Where the first of them is written. */
  problems(): readonly Problem[] {
    return [...this.#said.values()].map(({ use: { holder, keys }, message, others }) => {
      const path: Path = [...holder.path, ...keys];
      return { file: holder.file, path, message: `${message}${andOthers(others, holder)}` };
    });
  }

  /** By the name of the first, a few of them. */
  warnings(): readonly string[] {
    const all = [...this.#said.values()];
    const told = all.slice(0, MOST_WARNINGS).map(({ use, message, others }) => {
      return `${WHOSE[use.holder.kind]} "${use.holder.name}": ${keyOf(use)}: ${message}${andOthers(others, use.holder)}`;
    });
    return all.length <= told.length ? told : [...told, `and ${all.length - told.length} more of provision`];
  }
}

const WHOSE = { assignment: 'assignment', set: 'provisions' } as const;

/** As people read it beside the name of the holder: `provision.secrets.root`, and of a set `secrets.root`. */
function keyOf({ holder, keys }: DocumentUse): string {
  return holder.kind === 'set' ? keys.join('.') : `provision.${keys.join('.')}`;
}

/** They are printed, and logged, at each start. */
const MOST_WARNINGS = 20;

function andOthers(count: number, { kind }: ProvisionHolder): string {
  return count === 0 ? '' : ` (the same of ${counted(count, `more ${kind}`)})`;
}
