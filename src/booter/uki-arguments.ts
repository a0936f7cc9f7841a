import type { Assignment } from '../boot/assignment.js';
import { kernelArgsOf, type PlanInput } from '../boot/plan.js';
import { fewOf } from '../format.js';
import { isChange } from '../image/command-line.js';
import type { AssignmentCheck } from './check-report.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';

/** What is told of a UKI that firmware starts, whenever the mapping has kernel arguments for it. */
export const LOST_ARGUMENTS = 'the kernel arguments of the mapping are not given, since a UKI has its own';

const REMEDY = 'build them into the UKI, or leave it out of the image, so that iPXE starts its kernel with them';
const MAX_NAMED = 5;

/** Whether the operator wants something of this machine's kernel arguments changed. Pure. */
export function wantsArguments(whom: Omit<PlanInput, 'image'>): boolean {
  return kernelArgsOf(whom).some(isChange);
}

/** Kernel arguments that some machines never get, where DHCP leads them to a UKI. Pure. */
export function findLostArguments(mapping: Mapping, checks: readonly AssignmentCheck[]): readonly string[] {
  const leading = new Set(checks.filter(leadsToUki).map(({ assignment }) => assignment));
  const losing = mapping.index.ordered.filter((one) => leading.has(one.name) && mayComeByHttp(one));
  if (losing.length === 0) return [];
  const names = namesOf(losing);
  const machines = mapping.machines.filter(
    (machine) =>
      isChange(machine.kernelArgs) && possibleAssignments(machine, mapping.index).some((one) => losing.includes(one)),
  );
  return [
    ...(isChange(mapping.defaults.kernelArgs) ? [lost(`defaults.kernelArgs, by ${fewOf(names, MAX_NAMED)}`)] : []),
    ...losing.filter(({ kernelArgs }) => kernelArgs.some(isChange)).map(({ name }) => lost(`assignment "${name}"`)),
    ...(machines.length > 0 ? [lost(`machines[].kernelArgs, of ${fewOf(namesOf(machines), MAX_NAMED)}`)] : []),
  ];
}

function lost(whose: string): string {
  return `${whose}: where UEFI HTTP Boot starts a UKI, ${LOST_ARGUMENTS}: ${REMEDY}`;
}

function leadsToUki({ targets }: AssignmentCheck): boolean {
  return targets.some((target) => target.kind === 'boots' && target.hasUki && target.clients.includes('uefi-http'));
}

function mayComeByHttp({ match: { firmware } }: Assignment): boolean {
  return firmware === undefined || firmware.includes('uefi-http');
}

function namesOf(named: readonly { readonly name: string }[]): readonly string[] {
  return named.map(({ name }) => name);
}
