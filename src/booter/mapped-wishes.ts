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
    const selection = index.select(recordedCandidate(machine));
    if (selection.kind === 'none') continue;
    yield mappedWish(selection.assignment, architecture);
    if (selection.kind === 'undecided' && selection.fallback !== undefined) {
      yield mappedWish(selection.fallback, architecture);
    }
  }
}

function mappedWish(assignment: Assignment, architecture: string): MappedWish {
  return { assignment, reference: assignment.image, wish: wishFor(assignment, architecture) };
}

/** A known machine before it has said anything: what our records say of it. */
export function recordedCandidate(machine: Machine): Candidate {
  return { facts: { macs: [], sourceAddress: '' }, machine, mayBeKnown: false };
}
