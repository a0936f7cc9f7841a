import { UNMET_TEXTS } from '../boot/choose-way.js';
import { fewOf } from '../format.js';
import { isChange } from '../image/command-line.js';
import type { AssignmentCheck } from './check-report.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';

const REMEDY = 'build them into the UKI, or write boot: kernel, so that iPXE opens it';
const MAX_NAMED = 5;

/** Kernel arguments that some machines never get, where DHCP leads them to a UKI. Pure. */
export function findLostArguments(mapping: Mapping, checks: readonly AssignmentCheck[]): readonly string[] {
  const leading = new Set(checks.filter(leadsToUki).map(({ assignment }) => assignment));
  const losing = mapping.index.ordered.filter(({ name }) => leading.has(name));
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
  return `${whose}: where a UKI is started as it is, ${UNMET_TEXTS.arguments}: ${REMEDY}`;
}

function leadsToUki({ targets }: AssignmentCheck): boolean {
  return targets.some((target) => target.kind === 'boots' && target.losesArguments);
}

function namesOf(named: readonly { readonly name: string }[]): readonly string[] {
  return named.map(({ name }) => name);
}
