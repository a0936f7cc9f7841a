import pLimit from 'p-limit';
import type { Assignment } from '../boot/assignment.js';
import { describeError } from '../errors.js';
import { clientsOf } from '../image/clients.js';
import { isChange } from '../image/command-line.js';
import { artifactOf, type ImageWish, type ResolvedImage } from '../image/image.js';
import type { Subject } from '../machine/inventory.js';
import type { Machine } from '../machine/machine.js';
import { formatReference, type ImageReference } from '../oci/reference.js';
import type { BootUrls } from './boot-urls.js';
import { findPolicyWarnings, neverDoneBecause } from './check-policies.js';
import type { AssignmentCheck, CheckReport, TargetCheck } from './check-report.js';
import { findMappingWarnings, findUkiWarnings, findVariantWarnings } from './check-warnings.js';
import { mappedWishes, openAssignments, possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';
import { ANY_ARCHITECTURE, prepareBoot, wishFor } from './preparation.js';
import { findLostArguments } from './uki-arguments.js';

export type CheckParts = {
  readonly mapping: Mapping;
  readonly images: {
    resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage>;
    /** Go's names. */
    architecturesOf(reference: ImageReference): Promise<readonly string[]>;
  };
  readonly urls: BootUrls;
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
  const withArguments = mapping.machines.filter(({ kernelArgs }) => isChange(kernelArgs));
  const refused = await Promise.all(withArguments.map((machine) => limit(() => checkMachine(machine, parts))));
  const machines = refused.flatMap((one) => one ?? []);
  const failed = assignments.flatMap(({ targets }) => targets).filter(isProblem);
  return {
    assignments,
    machines,
    warnings: [
      ...findMappingWarnings(mapping, parts),
      ...findPolicyWarnings(mapping, { ...parts, isImageKnown: (name) => isLookedAt(assignments, name) }),
      ...findVariantWarnings(mapping, assignments),
      ...findUkiWarnings(assignments),
      ...(parts.seesDhcp ? findLostArguments(mapping, assignments) : []),
    ],
    problems: failed.length + machines.length,
  };
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

async function checkTarget(assignment: Assignment, architecture: string, parts: CheckParts): Promise<TargetCheck> {
  const subject = anybody(architecture);
  try {
    const image = await parts.images.resolve(assignment.image, wishFor(assignment, architecture));
    const prepared = prepare(subject, assignment, image, parts);
    const { manifestDigest: digest } = image;
    const { variant } = image;
    const clients = clientsOf(image.artifacts, architecture);
    // Without kernel and initramfs: what comes by iPXE is refused, as a warning says.
    const isByFirmwareAlone = clients.length === 1 && clients[0] === 'uefi-http';
    if (prepared.kind === 'refused' && !isByFirmwareAlone)
      return { architecture, kind: 'refused', digest, reason: prepared.reason };
    const neverDone = neverDoneBecause(assignment, prepared, parts.mapping);
    const blobs = image.artifacts.map(({ descriptor }) => ({ digest: descriptor.digest, size: descriptor.size }));
    const hasUki = artifactOf(image, 'uki') !== undefined;
    return {
      ...{ architecture, kind: 'boots', digest, clients, hasUki, blobs },
      ...(variant !== undefined && { variant }),
      ...(neverDone !== undefined && { neverDone }),
    };
  } catch (thrown) {
    return { architecture, kind: 'refused', reason: describeError(thrown) };
  }
}

/** Whether what is said of this machine alone spoils its boot; an image that cannot be had is its assignment's problem. */
async function checkMachine(machine: Machine, parts: CheckParts) {
  for (const assignment of possibleAssignments(machine, parts.mapping.index)) {
    if (parts.offline && assignment.image.kind === 'registry') continue;
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
  if (prepare(anybody(architecture), assignment, image, parts).kind === 'refused') return undefined;
  const prepared = prepare({ ...anybody(architecture), name: machine.name, machine }, assignment, image, parts);
  return prepared.kind === 'refused' ? prepared.reason : undefined;
}

function prepare(subject: Subject, assignment: Assignment, image: ResolvedImage, { mapping, urls }: CheckParts) {
  return prepareBoot({ subject, assignment }, image, { defaults: mapping.defaults.kernelArgs, urls });
}

/** A machine of which nothing matters but its architecture. */
function anybody(architecture: string): Subject {
  const facts = { macs: [], sourceAddress: '', architecture };
  return { name: 'anybody', contradictions: [], mayBeKnown: false, facts };
}
