import type { Assignment } from '../boot/assignment.js';
import { findShadows } from '../boot/shadows.js';
import type { AssignmentCheck } from './check.js';
import { recordedCandidate } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';

/** What is odd about a mapping and harmless by itself: it is not what somebody will have meant. Pure. */
export function findMappingWarnings(mapping: Mapping): readonly string[] {
  const { ordered } = mapping.index;
  return [
    ...ordered.flatMap(firmwareWarnings),
    ...shadowWarnings(ordered),
    ...labelWarnings(mapping),
    ...leftOut(mapping),
    ...unknowable(mapping),
  ];
}

/** Another variant is better than none, and yet not what was asked for. Pure. */
export function findVariantWarnings({ assignments }: Mapping, checks: readonly AssignmentCheck[]): readonly string[] {
  const wanted = new Map(assignments.map(({ name, variant }) => [name, variant]));
  return checks.flatMap(({ assignment, targets }) => {
    const asked = wanted.get(assignment);
    const held = targets.flatMap((target) => (target.kind === 'boots' ? (target.variant ?? []) : []));
    const other = held.find((variant) => variant !== asked);
    if (other === undefined) return [];
    return [`assignment "${assignment}" asks for the variant ${asked}, and its image has ${other}`];
  });
}

function shadowWarnings(ordered: readonly Assignment[]): readonly string[] {
  return findShadows(ordered).map(
    ({ assignment, by }) =>
      `assignment "${assignment.name}" can never win: "${by.name}" stands before it and matches whenever it does`,
  );
}

function firmwareWarnings({ name, match: { firmware = [], arch } }: Assignment): readonly string[] {
  const isBiosAlone = firmware.length > 0 && firmware.every((one) => one === 'bios');
  if (isBiosAlone && arch !== undefined && !arch.some(hasBios)) {
    return [`assignment "${name}" matches no machine: ${arch.join(', ')} has no bios`];
  }
  // The script step, where alone machines are mapped in this version, cannot tell the two ways of UEFI apart.
  if (firmware.includes('uefi') === firmware.includes('uefi-http')) return [];
  const both = 'iPXE does not tell uefi and uefi-http apart: name both';
  const open = firmware.includes('uefi') ? 'uefi' : 'uefi-http';
  return [`assignment "${name}" matches no machine by firmware ${open} alone: ${both}`];
}

/** The PC's BIOS is one of x86. */
function hasBios(architecture: string): boolean {
  return architecture === 'amd64' || architecture === '386';
}

/** A label that no machine has is a slip of the pen. */
function labelWarnings({ machines, index }: Mapping): readonly string[] {
  const there = new Set(
    machines.flatMap(({ labels }) => Object.entries(labels).map(([key, value]) => tag(key, value))),
  );
  return index.ordered.flatMap(({ name, match }) =>
    Object.entries(match.labels ?? {})
      .filter(([label, values]) => !values.some((value) => there.has(tag(label, value))))
      .map(([label, values]) => {
        const missing = values.map((value) => tag(label, value)).join(' or ');
        return `assignment "${name}" matches nobody: no machine has the label ${missing}`;
      }),
  );
}

function tag(label: string, value: string): string {
  return `${label}=${value}`;
}

function leftOut({ machines, index }: Mapping): readonly string[] {
  const names = machines
    .filter((machine) => index.select(recordedCandidate(machine)).kind === 'none')
    .map(({ name }) => name);
  return names.length === 0 ? [] : [`no assignment matches ${fewOf(names)}`];
}

/** Nobody is recognised by a name. */
function unknowable({ machines }: Mapping): readonly string[] {
  const names = machines
    .filter(({ macs, uuid, serial }) => macs.length === 0 && uuid === undefined && serial === undefined)
    .map(({ name }) => name);
  return names.length === 0 ? [] : [`no machine will be recognised as ${fewOf(names)}: say its mac, uuid or serial`];
}

const MAX_NAMED = 5;

function fewOf(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`;
}
