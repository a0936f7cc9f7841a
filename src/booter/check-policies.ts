import { type Assignment, placeholdersOf } from '../boot/assignment.js';
import { kernelArgsOf } from '../boot/plan.js';
import { isRestricted, mustReport } from '../boot/policy.js';
import { fewOf } from '../format.js';
import { DONE_PLACEHOLDER, type KernelArgs, placeholdersAdded, placeholdersIn } from '../image/command-line.js';
import type { Machine } from '../machine/machine.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';
import type { Prepared } from './preparation.js';

const MAX_NAMED = 5;
const REMEDY = `append {${DONE_PLACEHOLDER}} to its kernel arguments and POST to it when all is installed, or set policy.doneWhen to started`;

/** What keeps a machine that boots once from being told where to report that it is done; undefined where it is told. Pure. */
export function untoldBecause(
  assignment: Assignment,
  prepared: Prepared['preparation'],
  mapping: Mapping,
): string | undefined {
  const { policy } = assignment;
  if (!mustReport(policy)) return undefined;
  const own = prepared.kind === 'ready' ? kernelArgsOf(prepared.planned.plan) : '';
  const isTold = placeholdersIn(own).includes(DONE_PLACEHOLDER);
  if (isTold || mayTell(assignment) || mapping.machines.some(({ kernelArgs }) => namesDone(kernelArgs)))
    return undefined;
  return `boots once, and nothing tells the machine where to report that it is done: ${REMEDY}`;
}

/**
 * `verifies`: who asks must be shown to be the machine. `isImageKnown`: whether what its image says itself was looked at. Pure.
 */
export function findPolicyWarnings(
  mapping: Mapping,
  { verifies, isImageKnown }: { readonly verifies: boolean; readonly isImageKnown: (assignment: string) => boolean },
): readonly string[] {
  return [
    ...findUntoldWarnings(mapping, isImageKnown),
    ...(verifies ? findNameless(mapping.machines, mapping) : findOpen(mapping)),
  ];
}

/** Machines that boot once, and would never be done, unless an image that was not looked at says otherwise. Pure. */
export function findUntoldWarnings(
  { assignments, defaults, machines }: Pick<Mapping, 'assignments' | 'defaults' | 'machines'>,
  isImageKnown: (assignment: string) => boolean = () => false,
): readonly string[] {
  const untold = assignments.filter(
    (one) =>
      mustReport(one.policy) &&
      !isImageKnown(one.name) &&
      !mayTell(one) &&
      !placeholdersOf(one).includes(DONE_PLACEHOLDER),
  );
  // There may be a hundred thousand.
  if (untold.length === 0 || namesDone(defaults.kernelArgs) || machines.some(({ kernelArgs }) => namesDone(kernelArgs)))
    return [];
  return untold.map(
    ({ name }) =>
      `assignment "${name}" boots once, and unless its image says so itself, nothing tells the machine where to report that it is done: ${REMEDY}`,
  );
}

/** Of these, the machines that nobody is shown to be, since their cards are not known, though it matters. Pure. */
export function findNameless(machines: readonly Machine[], { index }: Pick<Mapping, 'index'>): readonly string[] {
  const nameless = machines
    .filter((machine) => machine.macs.length === 0)
    .map((machine) => ({ name: machine.name, possible: possibleAssignments(machine, index) }));
  const byPolicy = nameless.filter(({ possible }) => possible.some(({ policy }) => isRestricted(policy)));
  const byProvision = nameless.filter(
    (one) => !byPolicy.includes(one) && one.possible.some(({ provision }) => provision !== undefined),
  );
  return [...notBooted(byPolicy, 'its policy wants'), ...notBooted(byProvision, 'what its provision hands out wants')];
}

/** Nobody has to be shown to be the machine whose configuration it is. */
function findOpen({ assignments }: Pick<Mapping, 'assignments'>): readonly string[] {
  const open = assignments.filter(({ provision }) => provision !== undefined).map(({ name }) => `"${name}"`);
  if (open.length === 0) return [];
  return [
    `identity.verify is false, so what the provision of ${fewOf(open, MAX_NAMED)} hands out is given to anybody who asks in a machine's name: leave it true`,
  ];
}

function notBooted(nameless: readonly { readonly name: string }[], who: string): readonly string[] {
  if (nameless.length === 0) return [];
  const names = nameless.map(({ name }) => name);
  return [
    `${fewOf(names, MAX_NAMED)} will not be booted, since ${who} to know who asks, which only a MAC shows: say its mac`,
  ];
}

/** What its documents say is not looked at here. */
function mayTell({ provision }: Assignment): boolean {
  return provision?.documents.some(({ isTemplate }) => isTemplate) ?? false;
}

function namesDone(change: KernelArgs): boolean {
  return placeholdersAdded(change).includes(DONE_PLACEHOLDER);
}
