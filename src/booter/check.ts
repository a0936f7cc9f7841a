import pLimit from 'p-limit';
import { type Assignment, placeholdersOf } from '../boot/assignment.js';
import { describeError } from '../errors.js';
import { isChange, placeholdersAdded } from '../image/command-line.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import { isOfMachine } from '../image/placeholders.js';
import type { Machine } from '../machine/machine.js';
import { formatReference, type ImageReference } from '../oci/reference.js';
import type { Documents } from '../provision/documents.js';
import type { BootUrls } from './boot-urls.js';
import { checkDocuments } from './check-documents.js';
import { findPolicyWarnings } from './check-policies.js';
import type { AssignmentCheck, CheckReport, TargetCheck } from './check-report.js';
import { anybody, checkTarget, clientsFor, isRefusedForAll, prepareAs, reporting } from './check-target.js';
import { findClientWarnings, findMappingWarnings, findVariantWarnings } from './check-warnings.js';
import { findLostArguments } from './lost-arguments.js';
import { mappedWishes, openAssignments, possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';
import { ANY_ARCHITECTURE, wishFor } from './preparation.js';

export type CheckParts = {
  readonly mapping: Mapping;
  readonly images: {
    resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage>;
    /** Go's names. */
    architecturesOf(reference: ImageReference): Promise<readonly string[]>;
  };
  readonly urls: BootUrls;
  /** What the mapping's assignments hand out. */
  readonly documents: Documents;
  /** Only layouts on this disk are looked into. */
  readonly offline: boolean;
  /** Whether the server answers DHCP. */
  readonly seesDhcp: boolean;
  /** Whether who asks must be shown to be the machine (`identity.verify`). */
  readonly verifies: boolean;
};

/** Registries are asked about so many images at once. */
const MAX_ASKED = 4;

/** Resolves every mapped image for every architecture it claims. Never throws: what fails is in the report. */
export async function checkMapping(parts: CheckParts): Promise<CheckReport> {
  const { mapping } = parts;
  const claims = claimedArchitectures(mapping);
  const open = new Set((await openAssignments(mapping)).map(({ name }) => name));
  const limit = pLimit(MAX_ASKED);
  const assignments = await Promise.all(
    mapping.index.ordered.map((assignment) =>
      limit(() => {
        const claimed = [...(claims.get(assignment.name) ?? [])];
        return checkAssignment(assignment, { claimed, isOpen: open.has(assignment.name) }, parts);
      }),
    ),
  );
  const withArguments = mapping.machines.filter((machine) => hasOwnArguments(machine, mapping));
  const refused = await Promise.all(withArguments.map((machine) => limit(() => checkMachine(machine, parts))));
  const handed = await checkDocuments(parts);
  const machines = [...refused.flatMap((one) => one ?? []), ...handed.machines];
  const failed = assignments.flatMap(({ targets }) => targets).filter(isProblem);
  return {
    assignments,
    machines,
    warnings: [
      ...findMappingWarnings(mapping, parts),
      ...findPolicyWarnings(mapping, { ...parts, isImageKnown: (name) => isLookedAt(assignments, name) }),
      ...handed.warnings,
      ...findVariantWarnings(mapping, assignments),
      ...findClientWarnings(assignments),
      ...findLostArguments(mapping, assignments),
    ],
    problems: failed.length + machines.length,
  };
}

/** Kernel arguments that no other machine may have. */
function hasOwnArguments(machine: Machine, { defaults, index }: Mapping): boolean {
  if (isChange(machine.kernelArgs) || placeholdersAdded(defaults.kernelArgs).some(isOfMachine)) return true;
  return possibleAssignments(machine, index).some((assignment) => placeholdersOf(assignment).some(isOfMachine));
}

function isProblem(target: TargetCheck): boolean {
  return target.kind === 'refused' || (target.kind === 'boots' && target.neverDone !== undefined);
}

function isLookedAt(checks: readonly AssignmentCheck[], name: string): boolean {
  const targets = checks.find(({ assignment }) => assignment === name)?.targets ?? [];
  return targets.some(({ kind }) => kind !== 'skipped');
}

function claimedArchitectures(mapping: Mapping): ReadonlyMap<string, ReadonlySet<string>> {
  const claims = new Map<string, Set<string>>();
  for (const { assignment, wish } of mappedWishes(mapping)) {
    const claimed = claims.get(assignment.name) ?? new Set<string>();
    claims.set(assignment.name, claimed.add(wish.architecture));
  }
  return claims;
}

async function checkAssignment(
  assignment: Assignment,
  { claimed, isOpen }: { readonly claimed: readonly string[]; readonly isOpen: boolean },
  parts: CheckParts,
): Promise<AssignmentCheck> {
  const image = formatReference(assignment.image);
  const checked = { assignment: assignment.name, image };
  if (assignment.boot === 'local') return { ...checked, targets: [{ kind: 'local' }] };
  if (parts.offline && assignment.image.kind === 'registry') return { ...checked, targets: [{ kind: 'skipped' }] };
  try {
    const held = claimed.length > 0 && !isOpen ? [] : await parts.images.architecturesOf(assignment.image);
    const architectures = [...new Set([...claimed, ...held])];
    // A manifest that names none is taken by every machine.
    if (architectures.length === 0) return { ...checked, targets: [await checkAnyTarget(assignment, parts)] };
    const targets: TargetCheck[] = [];
    for (const architecture of architectures) targets.push(await checkTarget(assignment, architecture, parts));
    return { ...checked, targets };
  } catch (thrown) {
    return { ...checked, targets: [{ kind: 'refused', reason: describeError(thrown) }] };
  }
}

async function checkAnyTarget(assignment: Assignment, parts: CheckParts): Promise<TargetCheck> {
  const { architecture: _any, ...target } = await checkTarget(assignment, ANY_ARCHITECTURE, parts);
  return target;
}

/** Whether what is said of this machine alone spoils its boot; an image that cannot be had is its assignment's problem. */
async function checkMachine(machine: Machine, parts: CheckParts) {
  for (const assignment of possibleAssignments(machine, parts.mapping.index)) {
    if (assignment.boot === 'local' || (parts.offline && assignment.image.kind === 'registry')) continue;
    const reason = await whyNot(machine, assignment, parts);
    if (reason !== undefined) return { machine: machine.name, reason };
  }
  return undefined;
}

async function whyNot(machine: Machine, assignment: Assignment, parts: CheckParts): Promise<string | undefined> {
  const { images } = parts;
  const held = machine.architecture ?? (await images.architecturesOf(assignment.image).catch(() => []))[0];
  const architecture = held ?? ANY_ARCHITECTURE;
  const image = await images.resolve(assignment.image, wishFor(assignment, architecture)).catch(() => undefined);
  if (image === undefined) return undefined;
  const others = anybody(architecture);
  const itself = { ...others, name: machine.name, machine, facts: reporting(others.facts) };
  for (const client of clientsFor(assignment, architecture)) {
    if (isRefusedForAll(prepareAs(client, { subject: others, assignment }, image, parts))) continue;
    const prepared = prepareAs(client, { subject: itself, assignment }, image, parts);
    if (prepared.kind === 'refused') return prepared.reason;
  }
  return undefined;
}
