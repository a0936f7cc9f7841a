import type { Assignment } from '../boot/assignment.js';
import type { Machine } from '../machine/machine.js';
import { swapUuid } from '../net/uuid.js';
import { nearest } from './nearest.js';
import { formatPath, type Path, type Problem } from './problem.js';

/** A machine or assignment, and where it is written. */
export type Entry<T> = { readonly file: string; readonly path: Path; readonly value: T };

type Entries = { readonly machines: readonly Entry<Machine>[]; readonly assignments: readonly Entry<Assignment>[] };

/** Names and identities are unique over all files. Pure. */
export function findConflicts({ machines, assignments }: Entries): readonly Problem[] {
  return [
    ...duplicates(machines, 'name', ({ name }) => [name]),
    ...duplicates(machines, 'mac', ({ macs }) => macs),
    ...duplicates(machines, 'uuid', uuidsOf),
    ...duplicates(machines, 'serial', ({ serial }) => (serial === undefined ? [] : [serial])),
    ...duplicates(assignments, 'name', ({ name }) => [name]),
  ];
}

const CALLED = { name: 'name', mac: 'MAC', uuid: 'UUID', serial: 'serial' } as const;

/** Both byte orders are one machine. */
function uuidsOf({ uuid }: Machine): readonly string[] {
  return uuid === undefined ? [] : [uuid, swapUuid(uuid)];
}

/** Later entries that say what an earlier one said already, with both named. */
function duplicates<T extends { readonly name: string }>(
  entries: readonly Entry<T>[],
  key: keyof typeof CALLED,
  valuesOf: (value: T) => readonly string[],
): readonly Problem[] {
  const first = new Map<string, Entry<T>>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    const values = new Set(valuesOf(entry.value));
    const taken = [...values].find((value) => first.has(value));
    const other = taken === undefined ? undefined : first.get(taken);
    if (other !== undefined) {
      const message = `the ${CALLED[key]} ${taken} is taken by ${other.value.name}, ${formatPath(other.path)}`;
      problems.push({ file: entry.file, path: [...entry.path, key], message, other });
    }
    for (const value of values) if (!first.has(value)) first.set(value, entry);
  }
  return problems;
}

/** Comparing a name with ten thousand others takes a while; no more problems than this are shown anyway. */
const MAX_HINTS = 50;

/** Assignments name machines that are there. Pure. */
export function findUnknownMachines({ machines, assignments }: Entries): readonly Problem[] {
  const names = new Set(machines.map(({ value }) => value.name));
  const known = [...names];
  let hints = 0;
  return assignments.flatMap(({ file, path, value }) =>
    (value.match.machine ?? [])
      .filter((name) => !names.has(name))
      .map((name) => {
        hints += 1;
        const meant = hints > MAX_HINTS ? undefined : nearest(name, known);
        const hint = meant === undefined ? 'add it to machines' : `did you mean "${meant}"?`;
        const message = `no machine has the name "${name}": ${hint}`;
        return { file, path: [...path, 'match', 'machine'], message };
      }),
  );
}
