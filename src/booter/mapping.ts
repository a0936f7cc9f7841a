import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../boot/assignment.js';
import { AssignmentIndex } from '../boot/assignment-index.js';
import { ALL_IN_FORCE, choose, MachinesOutOfForce, type OutOfForce } from '../boot/out-of-force.js';
import type { Selection } from '../boot/select.js';
import type { NextBoot } from '../boot/standing.js';
import type { KernelArgs } from '../image/command-line.js';
import { Inventory } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import type { Candidate } from '../machine/selector.js';
import { parseMac } from '../net/mac.js';
import { formatReference } from '../oci/reference.js';
import { forNext, nobodys } from './next-boot.js';

/** What the operator wrote: who the machines are and what they boot. */
export type MappingInput = {
  readonly machines: readonly Machine[];
  readonly assignments: readonly Assignment[];
  readonly defaults: { readonly kernelArgs: KernelArgs };
  /** What does not count, and keeps machines from what is for others. */
  readonly outOfForce?: OutOfForce;
};

/** The same, ready to be asked. An immutable snapshot: whoever began with one goes on with it. */
export type Mapping = MappingInput & {
  readonly inventory: Inventory;
  /** With the assignments that are out of force. */
  readonly index: AssignmentIndex;
  readonly outOfForce: OutOfForce;
  readonly machinesOutOfForce: MachinesOutOfForce;
  /** The images that assignments lead to, in canonical spelling. */
  readonly references: ReadonlySet<string>;
  /** Those that count, by their names. */
  readonly byName: ReadonlyMap<string, Assignment>;
  /** What machines boot next alone, by assignments of their own; beside the index. */
  readonly wishes: readonly Assignment[];
};

/** `before`: what of it is the same is not built anew, a hundred thousand machines for one assignment. Pure. */
export function createMapping(input: MappingInput, before?: Mapping): Mapping {
  const { machines, assignments, defaults, outOfForce = ALL_IN_FORCE } = input;
  const inventory = before?.machines === machines ? before.inventory : new Inventory(machines);
  const { index, references, byName } =
    before?.assignments === assignments && before.outOfForce.assignments === outOfForce.assignments
      ? before
      : {
          index: new AssignmentIndex([...assignments, ...outOfForce.assignments]),
          references: referencesOf(assignments),
          byName: new Map(assignments.map((assignment) => [assignment.name, assignment])),
        };
  const machinesOutOfForce =
    before?.outOfForce.machines === outOfForce.machines
      ? before.machinesOutOfForce
      : new MachinesOutOfForce(outOfForce.machines);
  const found = { inventory, index, references, byName, machinesOutOfForce };
  return { machines, assignments, defaults, outOfForce, ...found, wishes: [] };
}

/** Which assignment is for a machine, as far as the facts at hand say. */
export function assignmentFor(
  { index, machinesOutOfForce }: Pick<Mapping, 'index' | 'machinesOutOfForce'>,
  candidate: Candidate,
): Selection {
  return choose(index, machinesOutOfForce, candidate);
}

function referencesOf(assignments: readonly Assignment[]): ReadonlySet<string> {
  return new Set(assignments.map(({ image }) => formatReference(image)));
}

/** An operator's wish for the next boot of a machine. */
type Wish = { readonly machine: string; readonly keys: readonly string[]; readonly next: NextBoot };

/** The same with what machines boot next alone, in place of what they did before. */
export function withWishes(mapping: Mapping, wishes: Iterable<Wish>): Mapping {
  const assignments = [...wishes].map(({ machine, keys, next }) => {
    const macs = keys.flatMap((key) => (key.startsWith('mac ') ? (parseMac(key.slice('mac '.length)) ?? []) : []));
    const isNamed = keys.includes(`name ${machine}`);
    // By which the architectures are found that it is to be fetched for.
    return { ...forNext(nobodys(machine), next), match: isNamed ? { machine: [machine] } : { mac: macs } };
  });
  return { ...mapping, wishes: assignments, references: referencesOf([...mapping.assignments, ...assignments]) };
}

/** Names that came, went, or are there with other contents. */
export type NamesChanged = {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
};

export type MappingChange = {
  readonly machines: NamesChanged;
  readonly assignments: NamesChanged;
};

/** What an operator's edit did. Pure. */
export function mappingChange(before: MappingInput, after: MappingInput): MappingChange {
  return {
    machines: namesChanged(before.machines, after.machines),
    assignments: namesChanged(before.assignments, after.assignments),
  };
}

type Named = { readonly name: string };

/** What came, went, and is there with something else in it. Pure. */
export function namesChanged(before: readonly Named[], after: readonly Named[]): NamesChanged {
  const old = new Map(before.map((entry) => [entry.name, entry]));
  const added: string[] = [];
  const changed: string[] = [];
  for (const entry of after) {
    const known = old.get(entry.name);
    if (known === undefined) added.push(entry.name);
    else if (!isDeepStrictEqual(known, entry)) changed.push(entry.name);
    old.delete(entry.name);
  }
  return { added, removed: [...old.keys()], changed };
}
