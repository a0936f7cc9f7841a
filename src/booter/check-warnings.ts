import type { Assignment } from '../boot/assignment.js';
import { findShadows } from '../boot/shadows.js';
import { fewOf, formatBytes } from '../format.js';
import { hasBios } from '../image/bootable.js';
import { isChange } from '../image/command-line.js';
import type { Machine } from '../machine/machine.js';
import type { AssignmentCheck, TargetCheck } from './check-report.js';
import { unledText } from './led-machines.js';
import { recordedCandidate } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';
import { unusedIsoText } from './unused-iso.js';

/**
 * What is odd about a mapping and harmless by itself: it is not what somebody will have meant. `seesDhcp`: whether the server
 * answers DHCP, by which alone it knows of UEFI's two ways to boot. Pure.
 */
export function findMappingWarnings(mapping: Mapping, { seesDhcp }: { readonly seesDhcp: boolean }): readonly string[] {
  const { ordered } = mapping.index;
  return [
    ...ordered.flatMap((assignment) => firmwareWarnings(assignment, seesDhcp)),
    ...shadowWarnings(ordered),
    ...labelWarnings(mapping),
    ...togetherWarnings(mapping),
    ...leftOutWarnings(mapping),
    ...unrecognisableWarnings(mapping),
    ...localWarnings(ordered),
  ];
}

/** Another variant is better than none, and yet not what somebody asked for. Pure. */
export function findVariantWarnings({ assignments }: Mapping, checks: readonly AssignmentCheck[]): readonly string[] {
  // What counts when nobody asks may be found by other marks of the image.
  const asked = new Map(assignments.map(({ name, variant }) => [name, variant === 'metal' ? undefined : variant]));
  return checks.flatMap(({ assignment, targets }) => {
    const wanted = asked.get(assignment);
    if (wanted === undefined) return [];
    return targets.flatMap((target) => {
      if (target.kind !== 'boots' || target.variant === undefined || target.variant === wanted) return [];
      const what = `its image for ${target.architecture ?? 'any machine'} has no variant ${wanted}`;
      return [`assignment "${assignment}": ${what}, and ${target.variant} is taken`];
    });
  });
}

/** An image that some of the machines that it may be meant for cannot start, of which not all is known, or not started as is said. Pure. */
export function findClientWarnings(checks: readonly AssignmentCheck[]): readonly string[] {
  return checks.flatMap(({ assignment, targets }) =>
    targets.flatMap((target) => {
      if (target.kind !== 'boots') return [];
      const whose = whoseImage(assignment, target);
      const { unread, unusedIso, unled = [], clients } = target;
      return [
        ...target.refused.map(
          ({ client, reason }) => `${whose} does not boot machines that come as ${client}: ${reason}`,
        ),
        ...(unread === undefined ? [] : [`${whose} ${UNOPENED}: ${unread}: make another by image build --uki make`]),
        ...(unusedIso === undefined ? [] : [`${whose} ${unusedIsoText(unusedIso, clients)}`]),
        ...unled.map((one) => `${whose} ${unledText(one)}`),
      ];
    }),
  );
}

/** The same, and an image that none of them can start. Pure. */
export function findTargetWarnings(checks: readonly AssignmentCheck[]): readonly string[] {
  const none = checks.flatMap(({ assignment, targets }) =>
    targets.flatMap((target) =>
      target.kind === 'refused' ? `${whoseImage(assignment, target)} boots none of its machines: ${target.reason}` : [],
    ),
  );
  return [...none, ...findClientWarnings(checks)];
}

function whoseImage(assignment: string, { architecture = 'any machine' }: TargetCheck): string {
  return `assignment "${assignment}": its image for ${architecture}`;
}

/** Nothing that is mapped is ever removed from the cache, and nothing is downloaded ahead for which something must go. Pure. */
export function findRoomWarnings(checks: readonly AssignmentCheck[], maxSize: number | undefined): readonly string[] {
  const targets = checks.flatMap((one) => one.targets);
  const blobs = targets.flatMap((target) => (target.kind === 'boots' ? target.blobs : []));
  const bytes = [...new Map(blobs.map(({ digest, size }) => [digest, size])).values()].reduce((a, b) => a + b, 0);
  if (maxSize === undefined || bytes <= maxSize) return [];
  const what = `what is mapped has ${formatBytes(bytes)}, and cache.maxSize is ${formatBytes(maxSize)}`;
  return [`${what}: not all of it is downloaded before a machine asks`];
}

function shadowWarnings(ordered: readonly Assignment[]): readonly string[] {
  return findShadows(ordered).map(
    ({ assignment, by }) =>
      `assignment "${assignment.name}" can never win: "${by.name}" stands before it and matches whenever it does`,
  );
}

function firmwareWarnings({ name, match: { firmware = [], arch } }: Assignment, seesDhcp: boolean): readonly string[] {
  const isBiosAlone = firmware.length > 0 && firmware.every((one) => one === 'bios');
  if (isBiosAlone && arch !== undefined && !arch.some(hasBios)) {
    return [`assignment "${name}" matches no machine: nothing but x86 has a bios, and it names ${arch.join(', ')}`];
  }
  if (seesDhcp || firmware.includes('uefi') === firmware.includes('uefi-http')) return [];
  const open = firmware.includes('uefi') ? 'uefi' : 'uefi-http';
  const both =
    'iPXE does not tell it from the other, so name both uefi and uefi-http, or set dhcp.mode to proxy or server';
  return [`assignment "${name}" matches no machine by its firmware ${open}: ${both}`];
}

/** A label that no machine has is a slip of the pen. */
function labelWarnings({ machines, index }: Mapping): readonly string[] {
  const there = labelsInUse(machines);
  return index.ordered.flatMap(({ name, match }) =>
    Object.entries(match.labels ?? {})
      .filter(([label, values]) => !values.some((value) => there.has(labelKey(label, value))))
      .map(([label, values]) => {
        const missing = values.map((value) => `${label}=${value}`).join(' or ');
        return `assignment "${name}" matches nobody: no machine has the label ${missing}`;
      }),
  );
}

/** Each label there is, and no machine that has them all, or none of those that are named. */
function togetherWarnings({ machines, index }: Mapping): readonly string[] {
  const there = labelsInUse(machines);
  return index.ordered.flatMap(({ name, match: { machine: names, labels = {} } }) => {
    const demands = Object.entries(labels);
    if (demands.length + (names === undefined ? 0 : 1) < 2) return [];
    const isEachThere = demands.every(([label, values]) => values.some((value) => there.has(labelKey(label, value))));
    const fits = (machine: Machine) =>
      (names?.includes(machine.name) ?? true) &&
      demands.every(
        ([label, values]) => Object.hasOwn(machine.labels, label) && values.includes(machine.labels[label] ?? ''),
      );
    if (!isEachThere || machines.some(fits)) return [];
    const whom = names === undefined ? 'no machine' : 'none of the machines it names';
    return [`assignment "${name}" matches nobody: ${whom} has all of its labels`];
  });
}

function labelsInUse(machines: readonly Machine[]): ReadonlySet<string> {
  return new Set(machines.flatMap(({ labels }) => Object.entries(labels).map(([key, value]) => labelKey(key, value))));
}

function labelKey(label: string, value: string): string {
  return `${label}\0${value}`;
}

function leftOutWarnings({ machines, index }: Mapping): readonly string[] {
  const names = machines
    .filter((machine) => index.select(recordedCandidate(machine)).kind === 'none')
    .map(({ name }) => name);
  return names.length === 0 ? [] : [`no assignment matches ${fewOf(names, MAX_NAMED)}`];
}

/** Nobody is recognised by a name. */
function unrecognisableWarnings({ machines }: Mapping): readonly string[] {
  const names = machines
    .filter(({ macs, uuid, serial }) => macs.length === 0 && uuid === undefined && serial === undefined)
    .map(({ name }) => name);
  return names.length === 0
    ? []
    : [`no machine will be recognised as ${fewOf(names, MAX_NAMED)}: say its mac, uuid or serial`];
}

function localWarnings(ordered: readonly Assignment[]): readonly string[] {
  return ordered
    .filter(({ boot }) => boot === 'local')
    .flatMap(({ name, kernelArgs, iso, provision }) => [
      ...(kernelArgs.some(isChange) ? [`assignment "${name}": its kernelArgs are never given, ${BY_LOCAL}`] : []),
      ...(iso === undefined ? [] : [`assignment "${name}": what its iso names is never started, ${BY_LOCAL}`]),
      ...(provision === undefined
        ? []
        : [`assignment "${name}": what its provision names is never handed out, ${BY_LOCAL}`]),
    ]);
}

const BY_LOCAL = 'since boot: local starts no kernel of ours: leave one of the two out';
const MAX_NAMED = 5;
const UNOPENED = 'holds a UKI that cannot be opened, and that UEFI alone can start, as it is';
