import { setImmediate } from 'node:timers/promises';
import type { Assignment } from '../boot/assignment.js';
import type { ImageWish } from '../image/image.js';
import type { Machine } from '../machine/machine.js';
import type { Candidate } from '../machine/selector.js';
import type { ImageReference } from '../oci/reference.js';
import type { Mapping } from './mapping.js';
import { wishFor } from './preparation.js';

/** An image that a machine will ask for. */
export type MappedWish = {
  readonly assignment: Assignment;
  readonly reference: ImageReference;
  readonly wish: ImageWish;
};

/**
 * What the mapping will ask for, as far as it says for which architectures: those that assignments name, and those of
 * the machines they are for. The same wish may come again, with every machine that has it.
 */
export function* mappedWishes({ assignments, machines, index }: Mapping): Generator<MappedWish, void> {
  for (const assignment of assignments) {
    for (const architecture of assignment.match.arch ?? []) yield mappedWish(assignment, architecture);
  }
  for (const machine of machines) {
    const { architecture } = machine;
    if (architecture === undefined) continue;
    for (const assignment of possibleAssignments(machine, index)) yield mappedWish(assignment, architecture);
  }
}

/**
 * The assignments by which machines may come whose architecture nothing says beforehand: the image itself says for which it
 * is then.
 */
export async function openAssignments({ assignments, machines, index }: Mapping): Promise<readonly Assignment[]> {
  const possible = new Set<string>();
  const unsaid = machines.filter(({ architecture }) => architecture === undefined);
  for (const [position, machine] of unsaid.entries()) {
    // There may be a hundred thousand, and packets are not to wait.
    if (position % 100 === 99) await setImmediate();
    for (const { name } of possibleAssignments(machine, index)) possible.add(name);
  }
  return assignments.filter(({ name, match }) => {
    if (match.arch !== undefined) return false;
    return !areKnown(match) || possible.has(name);
  });
}

/** For which architectures an assignment's machines come, as far as something says it; undefined where they may be of any. */
export async function architecturesOf(
  { name, match }: Assignment,
  { machines, index }: Mapping,
): Promise<ReadonlySet<string> | undefined> {
  if (match.arch !== undefined) return new Set(match.arch);
  if (!areKnown(match)) return undefined;
  const found = new Set<string>();
  for (const [position, machine] of machines.entries()) {
    if (position % 100 === 99) await setImmediate();
    if (!possibleAssignments(machine, index).some((one) => one.name === name)) continue;
    if (machine.architecture === undefined) return undefined;
    found.add(machine.architecture);
  }
  return found;
}

/** Whether no stranger can match. */
function areKnown({ machine, labels }: Assignment['match']): boolean {
  return machine !== undefined || labels !== undefined;
}

/** Those of which one will be this machine's, as far as its record tells. */
export function possibleAssignments(machine: Machine, index: Mapping['index']): readonly Assignment[] {
  const selection = index.select(recordedCandidate(machine));
  if (selection.kind === 'none') return [];
  const { assignment } = selection;
  const possible =
    selection.kind === 'undecided' && selection.fallback !== undefined
      ? [assignment, selection.fallback]
      : [assignment];
  return possible.filter(({ outOfForce }) => outOfForce === undefined);
}

function mappedWish(assignment: Assignment, architecture: string): MappedWish {
  return { assignment, reference: assignment.image, wish: wishFor(assignment, architecture) };
}

/** A known machine before it has said anything: what our records say of it. */
export function recordedCandidate(machine: Machine): Candidate {
  return { facts: { macs: [], sourceAddress: '' }, machine, mayBeKnown: false };
}
