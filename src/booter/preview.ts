import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../boot/assignment.js';
import type { BootMethod } from '../boot/boot-method.js';
import { settle } from '../boot/select.js';
import type { Machine } from '../machine/machine.js';
import { matchSelector } from '../machine/selector.js';
import { formatReference } from '../oci/reference.js';
import { recordedCandidate } from './mapped-wishes.js';
import { assignmentFor, type Mapping } from './mapping.js';
import { type ToldPolicy, toldPolicy } from './told-policy.js';

/** What a machine boots, and how often, as far as its record tells. */
export type Booted = {
  readonly assignment: string;
  readonly image: string;
  /** `local`: not the image, but its local disk. */
  readonly boot: BootMethod;
  readonly policy: ToldPolicy;
};

/** A known machine that would boot otherwise. Without `before` or `after`: it boots nothing of ours then. */
export type BootDifference = {
  readonly machine: string;
  readonly before?: Booted;
  readonly after?: Booted;
  readonly differs: readonly Difference[];
};

export const DIFFERENCES = [
  'assignment',
  'image',
  'variant',
  'boot',
  'iso',
  'kernelArgs',
  'policy',
  'provision',
] as const;
export type Difference = (typeof DIFFERENCES)[number];

/**
 * The machines of both mappings in turn, each with how it would boot otherwise, or undefined: whoever asks may rest in between.
 * Only those are looked at more closely that changed themselves, or that an assignment matches which changed. Pure.
 */
export function* bootDifferences(before: Mapping, after: Mapping): Generator<BootDifference | undefined, void> {
  const assignments = [
    ...changedAssignments(before.assignments, after.assignments),
    ...changedAssignments(before.outOfForce.assignments, after.outOfForce.assignments),
  ];
  // Few ever are; whom they keep is seen by their facts.
  const areAll = before.outOfForce.machines !== after.outOfForce.machines;
  const later = after.machines === before.machines ? undefined : byName(after.machines);
  const isConcerned = (machine: Machine) => {
    const candidate = recordedCandidate(machine);
    return assignments.some(({ match }) => matchSelector(match, candidate) === 'yes');
  };
  for (const machine of before.machines) {
    const next = later === undefined ? machine : later.get(machine.name);
    const isSame = next === machine && !areAll && !isConcerned(machine);
    yield isSame ? undefined : difference(machine.name, choose(before, machine), choose(after, next));
    later?.delete(machine.name);
  }
  for (const machine of later?.values() ?? []) yield difference(machine.name, undefined, choose(after, machine));
}

/** As they were, and as they are to be. */
function changedAssignments(before: readonly Assignment[], after: readonly Assignment[]): readonly Assignment[] {
  if (before === after) return [];
  const [old, next] = [new Set(before), new Set(after)];
  return [...before.filter((one) => !next.has(one)), ...after.filter((one) => !old.has(one))];
}

function byName(machines: readonly Machine[]): Map<string, Machine> {
  return new Map(machines.map((machine) => [machine.name, machine]));
}

type Choice = { readonly machine: Machine; readonly assignment: Assignment };

function choose(mapping: Mapping, machine: Machine | undefined): Choice | undefined {
  const assignment = machine && settle(assignmentFor(mapping, recordedCandidate(machine)));
  return machine && assignment?.outOfForce === undefined && assignment ? { machine, assignment } : undefined;
}

function difference(
  machine: string,
  before: Choice | undefined,
  after: Choice | undefined,
): BootDifference | undefined {
  const differs = DIFFERENCES.filter((key) => !isDeepStrictEqual(partOf(key, before), partOf(key, after)));
  if (differs.length === 0) return undefined;
  return {
    machine,
    ...(before !== undefined && { before: bootedBy(before) }),
    ...(after !== undefined && { after: bootedBy(after) }),
    differs,
  };
}

function partOf(key: Difference, choice: Choice | undefined): unknown {
  if (choice === undefined) return undefined;
  const { machine, assignment } = choice;
  switch (key) {
    case 'assignment':
      return assignment.name;
    case 'image':
      return formatReference(assignment.image);
    case 'variant':
      return assignment.variant;
    case 'boot':
      return assignment.boot;
    case 'iso':
      return assignment.iso;
    case 'kernelArgs':
      return [assignment.kernelArgs, machine.kernelArgs];
    case 'policy':
      return assignment.policy;
    case 'provision':
      return assignment.provision;
  }
}

function bootedBy({ assignment }: Choice): Booted {
  return {
    assignment: assignment.name,
    image: formatReference(assignment.image),
    boot: assignment.boot,
    policy: toldPolicy(assignment.policy),
  };
}
