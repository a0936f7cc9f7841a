import type { Assignment } from '../boot/assignment.js';
import { UNMET_TEXTS } from '../boot/choose-way.js';
import { fewOf } from '../format.js';
import type { Bootable } from '../image/bootable.js';
import { isChange } from '../image/command-line.js';
import { judgeWays, type Way } from '../image/ways.js';
import type { AssignmentCheck, LostArguments, TargetCheck } from './check-report.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';

const MAX_NAMED = 5;

/** Kernel arguments that some machines never get, where they are led to a UKI. Pure. */
export function findLostArguments(mapping: Mapping, checks: readonly AssignmentCheck[]): readonly string[] {
  const losses = new Map(checks.map(({ assignment, targets }) => [assignment, lossesOf(targets)]));
  const losing = mapping.index.ordered.filter(({ name }) => (losses.get(name) ?? []).length > 0);
  if (losing.length === 0) return [];
  const toldOf = (whose: string, assignments: readonly Assignment[]) =>
    told(
      whose,
      assignments.flatMap(({ name }) => losses.get(name) ?? []),
    );
  const machines = mapping.machines.filter(({ kernelArgs }) => isChange(kernelArgs));
  const itsLosing = new Map(
    machines.map((machine) => [
      machine,
      possibleAssignments(machine, mapping.index).filter((one) => losing.includes(one)),
    ]),
  );
  const without = machines.filter((machine) => (itsLosing.get(machine) ?? []).length > 0);
  const theirs = without.flatMap((machine) => itsLosing.get(machine) ?? []);
  return [
    ...(isChange(mapping.defaults.kernelArgs)
      ? [toldOf(`defaults.kernelArgs, by ${fewOf(namesOf(losing), MAX_NAMED)}`, losing)]
      : []),
    ...losing
      .filter(({ kernelArgs }) => kernelArgs.some(isChange))
      .map((one) => toldOf(`assignment "${one.name}"`, [one])),
    ...(without.length > 0 ? [toldOf(`machines[].kernelArgs, of ${fewOf(namesOf(without), MAX_NAMED)}`, theirs)] : []),
  ];
}

/**
 * What an operator can do for those who start this image's UKI as it is, so that they get the kernel arguments of a mapping. Pure.
 */
export function remedyFor(image: Bootable, architecture: string, where: LostArguments['where']): string {
  const judged = judgeWays(image, { client: 'ipxe-uefi', architecture });
  const isPossible = (way: Way) => judged.some((one) => one.way === way && one.kind === 'possible');
  if (isPossible('kernel'))
    return `${BUILD_IN}, or write boot: kernel, so that iPXE starts the image's kernel, which Secure Boot wants signed`;
  const read = image.contents?.uki;
  if (read?.kind === 'refused') return `it cannot be opened (${read.reason}): make another by image build --uki make`;
  // Where Secure Boot is on, nothing out of a UKI is started.
  if (where === 'secure-boot' || read === undefined || !isPossible('opened')) return BUILD_IN;
  const open = `${BUILD_IN}, or write boot: kernel, so that iPXE opens it`;
  return read.uki.isSigned ? `${open}: machines whose Secure Boot is on then boot nothing` : open;
}

const BUILD_IN = 'build them into the UKI';

/** Once for each thing that can be done. */
function told(whose: string, losses: readonly LostArguments[]): string {
  const where = losses.some((loss) => loss.where === 'always')
    ? 'where a UKI is started as it is'
    : 'where Secure Boot is on, so that a UKI is started as it is';
  const remedies = new Set(losses.map(({ remedy }) => remedy));
  return `${whose}: ${where}, ${UNMET_TEXTS.arguments}: ${[...remedies].join('; ')}`;
}

function lossesOf(targets: readonly TargetCheck[]): readonly LostArguments[] {
  return targets.flatMap((target) => (target.kind === 'boots' ? (target.lostArguments ?? []) : []));
}

function namesOf(named: readonly { readonly name: string }[]): readonly string[] {
  return named.map(({ name }) => name);
}
