import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../boot/assignment.js';
import { AssignmentIndex } from '../boot/assignment-index.js';
import type { KernelArgs } from '../image/command-line.js';
import { Inventory } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import { formatReference } from '../oci/reference.js';

/** What the operator wrote: who the machines are and what they boot. */
export type MappingInput = {
  readonly machines: readonly Machine[];
  readonly assignments: readonly Assignment[];
  readonly defaults: { readonly kernelArgs: KernelArgs };
};

/** The same, ready to be asked. An immutable snapshot: whoever began with one goes on with it. */
export type Mapping = MappingInput & {
  readonly inventory: Inventory;
  readonly index: AssignmentIndex;
  /** The images that assignments lead to, in canonical spelling. */
  readonly references: ReadonlySet<string>;
};

/** `before`: what of it is the same is not built anew, a hundred thousand machines for one assignment. Pure. */
export function createMapping({ machines, assignments, defaults }: MappingInput, before?: Mapping): Mapping {
  const inventory = before?.machines === machines ? before.inventory : new Inventory(machines);
  const { index, references } =
    before?.assignments === assignments
      ? before
      : {
          index: new AssignmentIndex(assignments),
          references: new Set(assignments.map(({ image }) => formatReference(image))),
        };
  return { machines, assignments, defaults, inventory, index, references };
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

function namesChanged(before: readonly Named[], after: readonly Named[]): NamesChanged {
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
