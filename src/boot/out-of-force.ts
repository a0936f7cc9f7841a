import { Inventory } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import type { Candidate } from '../machine/selector.js';
import type { Assignment } from './assignment.js';
import type { AssignmentIndex } from './assignment-index.js';
import { type Selection, settle } from './select.js';

/** A machine's record that does not count, since others stand in its way, and why. */
export type MachineOutOfForce = { readonly machine: Machine; readonly reason: string };

/** Entries that somebody wrote, and that do not count. Of the assignments, each says why (`outOfForce`). */
export type OutOfForce = {
  readonly machines: readonly MachineOutOfForce[];
  readonly assignments: readonly Assignment[];
};

export const ALL_IN_FORCE: OutOfForce = { machines: [], assignments: [] };

/** Whose records do not count, found by what a machine shows. Immutable. */
export class MachinesOutOfForce {
  readonly #inventory: Inventory;
  readonly #reasons: ReadonlyMap<Machine, string>;

  constructor(machines: readonly MachineOutOfForce[]) {
    this.#inventory = new Inventory(machines.map(({ machine }) => machine));
    this.#reasons = new Map(machines.map(({ machine, reason }) => [machine, reason]));
  }

  /** Whom it would be taken for if that counted: by what it says, else by the record that it goes by now. */
  find({ facts, machine: record }: Candidate): MachineOutOfForce | undefined {
    if (this.#reasons.size === 0) return undefined;
    const machine =
      this.#inventory.identify(facts).machine ??
      (record && this.#inventory.identify({ ...record, sourceAddress: '' }).machine);
    const reason = machine && this.#reasons.get(machine);
    return machine && reason !== undefined ? { machine, reason } : undefined;
  }
}

/**
 * The assignment for a machine; one that says `outOfForce` boots nothing. Nobody falls to another assignment because an entry went
 * out of force: whom a record that does not count would lead elsewhere is left to no assignment either, and the one that it would
 * get says so. What is the same with and without that record stays. Pure.
 */
export function choose(index: AssignmentIndex, machines: MachinesOutOfForce, candidate: Candidate): Selection {
  const selection = index.select(candidate);
  const known = machines.find(candidate);
  if (known === undefined || selection.kind === 'none') return selection;
  const { machine, reason } = known;
  const other = index.select({ ...candidate, machine, mayBeKnown: false });
  if (isSame(selection, other)) return selection;
  const keep = (assignment: Assignment) => ({ ...assignment, outOfForce: assignment.outOfForce ?? reason });
  if (selection.kind === 'selected' && other.kind !== 'undecided')
    return { kind: 'selected', assignment: keep(selection.assignment) };
  const fallback = settle(selection);
  const isSettled = fallback === undefined || fallback === settle(other);
  // A later step sees what both depend on.
  return { kind: 'undecided', assignment: selection.assignment, fallback: isSettled ? fallback : keep(fallback) };
}

function isSame(one: Selection, other: Selection): boolean {
  return one.kind === other.kind && chosenIn(one) === chosenIn(other) && settle(one) === settle(other);
}

function chosenIn(selection: Selection): Assignment | undefined {
  return selection.kind === 'none' ? undefined : selection.assignment;
}
