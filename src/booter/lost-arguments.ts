import type { Assignment } from '../boot/assignment.js';
import { imageMethod } from '../boot/boot-method.js';
import { chooseWay, UNMET_TEXTS, type Unmet, type WayWish } from '../boot/choose-way.js';
import { fewOf } from '../format.js';
import type { Bootable, Client, Starter } from '../image/bootable.js';
import { isChange } from '../image/command-line.js';
import { judgeWays, type Way } from '../image/ways.js';
import type { AssignmentCheck, LostArguments, TargetCheck } from './check-report.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';

const MAX_NAMED = 5;

/** Kernel arguments that some machines never get, where they are led to a UKI, or to an ISO as it is. Pure. */
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
      ? toldOf(`defaults.kernelArgs, by ${fewOf(namesOf(losing), MAX_NAMED)}`, losing)
      : []),
    ...losing
      .filter(({ kernelArgs }) => kernelArgs.some(isChange))
      .flatMap((one) => toldOf(`assignment "${one.name}"`, [one])),
    ...(without.length > 0 ? toldOf(`machines[].kernelArgs, of ${fewOf(namesOf(without), MAX_NAMED)}`, theirs) : []),
  ];
}

/**
 * Where an image is started as it is, though kernel arguments be wished by this assignment. Whether Secure Boot is on, only iPXE says.
 * Pure.
 */
export function lossesFor(
  clients: readonly Client[],
  { boot, iso }: Pick<Assignment, 'boot' | 'iso'>,
  image: Bootable,
  architecture: string,
): readonly LostArguments[] {
  const wish = { boot: imageMethod(boot), wantsArguments: true, opensIso: iso !== undefined };
  const losing = (unmet: Unmet, secureBoot?: true) =>
    clients
      .map((client): Starter => ({ client, architecture, secureBoot }))
      .filter((starter) => isUnmet(unmet, image, starter, wish));
  const where = losing('arguments').length > 0 ? 'always' : 'secure-boot';
  const losesOfUki = where === 'always' || losing('arguments', true).some(({ client }) => client === 'ipxe-uefi');
  const losingOfIso = losing('iso-arguments');
  return [
    ...(losesOfUki ? [{ what: 'uki', where, remedy: remedyForUki(image, architecture, where) } as const] : []),
    ...(losingOfIso.length > 0
      ? [{ what: 'iso', where: 'always', remedy: remedyForIso(image, losingOfIso, wish) } as const]
      : []),
  ];
}

function isUnmet(unmet: Unmet, image: Bootable, starter: Starter, wish: WayWish): boolean {
  const choice = chooseWay(image, starter, wish);
  return choice.kind === 'chosen' && choice.unmet.includes(unmet);
}

/**
 * What an operator can do for those who start this image's UKI as it is, so that they get the kernel arguments of a mapping. Pure.
 */
export function remedyForUki(image: Bootable, architecture: string, where: LostArguments['where']): string {
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

/** The same of an ISO as it is, for those who boot it so. Pure. */
function remedyForIso(image: Bootable, losing: readonly Starter[], { boot }: Pick<WayWish, 'boot'>): string {
  const auto = { boot: 'auto', wantsArguments: true } as const;
  const isGivenOtherwise = losing.some((starter) => {
    const choice = chooseWay(image, starter, auto);
    return choice.kind === 'chosen' && !choice.unmet.some((one) => one === 'arguments' || one === 'iso-arguments');
  });
  if (isGivenOtherwise) return `${TAKE_OUT}, or leave boot: iso out, so that iPXE starts a kernel with them`;
  // What is no ISO, or was not read yet, has nothing that could be named.
  if (image.contents?.iso?.kind !== 'iso') return TAKE_OUT;
  const name = 'name by iso.kernel what iPXE is to start of it';
  return boot === 'iso' ? `${TAKE_OUT}, or ${name}, in place of boot: iso` : `${TAKE_OUT}, or ${name}`;
}

const TAKE_OUT = 'take kernelArgs out';

/** Once for each thing that can be done, of a UKI and of an ISO apart. */
function told(whose: string, losses: readonly LostArguments[]): readonly string[] {
  return (['uki', 'iso'] as const).flatMap((what) => {
    const its = losses.filter((loss) => loss.what === what);
    if (its.length === 0) return [];
    const remedies = new Set(its.map(({ remedy }) => remedy));
    return [`${whose}: ${whereText(what, its)}: ${[...remedies].join('; ')}`];
  });
}

function whereText(what: LostArguments['what'], losses: readonly LostArguments[]): string {
  if (what === 'iso') return `where an ISO is booted as it is, ${UNMET_TEXTS['iso-arguments']}`;
  const where = losses.some((loss) => loss.where === 'always')
    ? 'where a UKI is started as it is'
    : 'where Secure Boot is on, so that a UKI is started as it is';
  return `${where}, ${UNMET_TEXTS.arguments}`;
}

function lossesOf(targets: readonly TargetCheck[]): readonly LostArguments[] {
  return targets.flatMap((target) => (target.kind === 'boots' ? (target.lostArguments ?? []) : []));
}

function namesOf(named: readonly { readonly name: string }[]): readonly string[] {
  return named.map(({ name }) => name);
}
