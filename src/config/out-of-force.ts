import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../boot/assignment.js';
import type { EntryDocument, EntryKind } from '../boot/entry.js';
import { ALL_IN_FORCE, type MachineOutOfForce, type OutOfForce } from '../boot/out-of-force.js';
import type { Machine } from '../machine/machine.js';
import { type ApiEntry, problemsOf } from './api-entry.js';
import { type Judged, judgeAssignment, judgeMachine } from './judge-entry.js';
import type { Config } from './schema.js';

type Beside = Pick<Config, 'file' | 'written'>;

/** By which a machine is known and matched. */
const MACHINE_KEYS = ['name', 'mac', 'uuid', 'serial', 'arch', 'ip', 'hostname', 'labels'] as const;
/** Which machines it is for, and before which others. */
const ASSIGNMENT_KEYS = ['name', 'priority', 'match'] as const;
/** Stands for one that is wrong, and is never booted. */
const NO_IMAGE = 'none.invalid/none:none';

/** The entries of the API that do not count, for as long as what they are joined with stays the same. */
export class EntriesOutOfForce {
  readonly #beside: Beside;
  /** Of those that are wrong: to find out whom they are for takes a while. */
  readonly #meant = new WeakMap<EntryDocument, { readonly value: Machine | Assignment | undefined }>();
  #last = ALL_IN_FORCE;

  constructor(beside: Beside) {
    this.#beside = beside;
  }

  /** Each list is the one of before where nothing in it has changed. */
  gather(entries: Iterable<ApiEntry>): OutOfForce {
    const [machines, assignments]: [MachineOutOfForce[], Assignment[]] = [[], []];
    for (const entry of entries) {
      const value = entry.verdict.kind === 'sound' ? undefined : this.#meantBy(entry);
      if (value === undefined) continue;
      const reason = `the ${entry.kind} ${entry.name} of the API is out of force: ${problemsOf(entry).join('; ')}`;
      if (entry.kind === 'machine') machines.push({ machine: value as Machine, reason });
      else assignments.push({ ...(value as Assignment), outOfForce: reason });
    }
    const last = this.#last;
    this.#last = { machines: sameAs(last.machines, machines), assignments: sameAs(last.assignments, assignments) };
    return this.#last;
  }

  #meantBy({ kind, document, verdict }: ApiEntry): Machine | Assignment | undefined {
    if (verdict.kind !== 'wrong') return verdict.value;
    if (document === undefined) return undefined;
    const known = this.#meant.get(document) ?? { value: meantBy(kind, document, this.#beside) };
    this.#meant.set(document, known);
    return known.value;
  }
}

/**
 * Whom an entry is for that is wrong in something else, such as an image that names no registry: nobody else is to have those
 * machines. undefined where that is what is wrong. Pure.
 */
function meantBy(kind: EntryKind, document: EntryDocument, beside: Beside): Machine | Assignment | undefined {
  const judged: Judged<Machine | Assignment> =
    kind === 'machine'
      ? judgeMachine(only(document, MACHINE_KEYS), beside)
      : judgeAssignment({ ...only(document, ASSIGNMENT_KEYS), image: NO_IMAGE }, beside);
  return judged.kind === 'sound' ? judged.value : undefined;
}

function only(document: EntryDocument, keys: readonly string[]): EntryDocument {
  return Object.fromEntries(Object.entries(document).filter(([key]) => keys.includes(key)));
}

function sameAs<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return isDeepStrictEqual(before, after) ? before : Object.freeze(after);
}
