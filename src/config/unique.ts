import type { Assignment } from '../boot/assignment.js';
import type { Machine } from '../machine/machine.js';
import { nearest } from '../nearest.js';
import { swapUuid } from '../net/uuid.js';
import { formatPath, type Path, type Problem } from './problem.js';

/** A machine or assignment, and where it is written. */
export type Entry<T> = { readonly file: string; readonly path: Path; readonly value: T };

type Entries = { readonly machines: readonly Entry<Machine>[]; readonly assignments: readonly Entry<Assignment>[] };

const KEYS = ['name', 'mac', 'uuid', 'serial', 'ip'] as const;
type Key = (typeof KEYS)[number];

const CALLED = { name: 'name', mac: 'MAC', uuid: 'UUID', serial: 'serial', ip: 'address' } as const;

/** What nobody else may have. */
export type Identities = Partial<Readonly<Record<Key, readonly string[]>>>;

/** A UUID has two byte orders, which are one machine. Pure. */
export function machineIdentities({ name, macs, uuid, serial, ip }: Machine): Identities {
  return {
    name: [name],
    mac: macs,
    ...(uuid !== undefined && { uuid: [uuid, swapUuid(uuid)] }),
    ...(serial !== undefined && { serial: [serial] }),
    ...(ip !== undefined && { ip: [ip] }),
  };
}

/** Pure. */
export function assignmentIdentities({ name }: Assignment): Identities {
  return { name: [name] };
}

/** Somebody else has it already. */
export type Clash<By> = { readonly key: Key; readonly value: string; readonly by: By };

/** `the MAC 52:54:00:12:34:56 is taken`. Pure. */
export function describeClash({ key, value }: Pick<Clash<unknown>, 'key' | 'value'>): string {
  return `the ${CALLED[key]} ${value} is taken`;
}

/** By whom names and identities are taken, of machines or of assignments. */
export class Taken<By> {
  readonly #first: Readonly<Record<Key, Map<string, By>>> = {
    name: new Map(),
    mac: new Map(),
    uuid: new Map(),
    serial: new Map(),
    ip: new Map(),
  };

  /** Who has this name. */
  named(name: string): By | undefined {
    return this.#first.name.get(name);
  }

  names(): Iterable<string> {
    return this.#first.name.keys();
  }

  /** At most one of each key. */
  clashes(wanted: Identities): readonly Clash<By>[] {
    return KEYS.flatMap((key) => {
      const value = wanted[key]?.find((one) => this.#first[key].has(one));
      const by = value === undefined ? undefined : this.#first[key].get(value);
      return value === undefined || by === undefined ? [] : [{ key, value, by }];
    });
  }

  /** Whoever has something already keeps it. */
  take(wanted: Identities, by: By): void {
    for (const key of KEYS)
      for (const value of wanted[key] ?? []) if (!this.#first[key].has(value)) this.#first[key].set(value, by);
  }

  /** What is another's by now stays so. */
  release(given: Identities, by: By): void {
    for (const key of KEYS)
      for (const value of given[key] ?? []) if (this.#first[key].get(value) === by) this.#first[key].delete(value);
  }
}

/** Names and identities are unique over all files. Pure. */
export function findConflicts({ machines, assignments }: Entries): readonly Problem[] {
  return [...duplicates(machines, machineIdentities), ...duplicates(assignments, assignmentIdentities)];
}

/** Later entries that say what an earlier one said already, with both named. */
function duplicates<T extends { readonly name: string }>(
  entries: readonly Entry<T>[],
  identitiesOf: (value: T) => Identities,
): readonly Problem[] {
  const taken = new Taken<Entry<T>>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    const identities = identitiesOf(entry.value);
    for (const { by: other, ...clash } of taken.clashes(identities)) {
      const message = `${describeClash(clash)} by ${other.value.name}, ${formatPath(other.path)}`;
      problems.push({ file: entry.file, path: [...entry.path, clash.key], message, other });
    }
    taken.take(identities, entry);
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
        const message = noSuchMachine(name, hints > MAX_HINTS ? [] : known);
        return { file, path: [...path, 'match', 'machine'], message };
      }),
  );
}

/** `known`: the names there are. Pure. */
export function noSuchMachine(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `no machine has the name "${name}": ${meant === undefined ? 'add it to machines' : `did you mean "${meant}"?`}`;
}
