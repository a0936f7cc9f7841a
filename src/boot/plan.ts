import { unbootableBecause } from '../image/clients.js';
import { editCommandLine, type KernelArgs } from '../image/command-line.js';
import { type Artifact, artifactOf, type ResolvedImage } from '../image/image.js';
import type { Subject } from '../machine/inventory.js';
import { type Digest, digestOf } from '../oci/digest.js';
import type { Assignment } from './assignment.js';

/** Everything decided for one machine now, pinned to digests. The same plan renders the same bytes. Plain data. */
export type BootPlan = KernelPlan | UkiPlan;

type Planned = {
  /** Digest of the plan's JSON without this field. */
  readonly id: Digest;
  readonly machine: string;
  readonly assignment: string;
  readonly image: {
    readonly reference: string;
    readonly location: string;
    readonly digest: Digest;
    readonly manifestDigest: Digest;
  };
};

/** By a script of iPXE. */
export type KernelPlan = Planned & {
  readonly kind: 'kernel';
  /** What is started. */
  readonly kernel: Artifact;
  readonly initramfs: Artifact;
  /** Served beside it: what `{blob.<role>.url}` in the kernel arguments leads to. */
  readonly extras: readonly Artifact[];
  /** The finished kernel arguments; placeholders are filled when the script is written, with the address then advertised. */
  readonly kernelArgs: string;
};

/** By UEFI firmware itself, which gives a UKI no arguments: its own count. */
export type UkiPlan = Planned & {
  readonly kind: 'uki';
  readonly uki: Artifact;
  /** What its own arguments may lead to. */
  readonly extras: readonly Artifact[];
};

export type Planning<Plan extends BootPlan> =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'refused'; readonly reason: string };

export type PlanInput = {
  readonly subject: Subject;
  readonly assignment: Assignment;
  readonly image: ResolvedImage;
  readonly defaults: KernelArgs;
};

/** Chooses what of the image iPXE starts on this machine, or says why nothing of it can be. Pure. */
export function planBoot(input: PlanInput): Planning<KernelPlan> {
  const { image } = input;
  const kernel = artifactOf(image, 'kernel');
  const initramfs = artifactOf(image, 'initramfs');
  if (kernel === undefined || initramfs === undefined) {
    return { kind: 'refused', reason: `${image.reference} cannot be booted: ${unbootableBecause(image.artifacts)}` };
  }
  const kernelArgs = kernelArgsOf(input).reduce(editCommandLine, image.commandLine);
  const draft = {
    kind: 'kernel',
    ...plannedOf(input),
    kernel,
    initramfs,
    extras: extrasOf(image),
    kernelArgs,
  } as const;
  return { kind: 'plan', plan: { id: idOf(draft), ...draft } };
}

/** What of the image UEFI HTTP Boot starts by itself. Pure. */
export function planUki(input: PlanInput): Planning<UkiPlan> {
  const { image } = input;
  const uki = artifactOf(image, 'uki');
  if (uki === undefined) return { kind: 'refused', reason: `${image.reference} holds no UKI` };
  const draft = { kind: 'uki', ...plannedOf(input), uki, extras: extrasOf(image) } as const;
  return { kind: 'plan', plan: { id: idOf(draft), ...draft } };
}

/** What the operator wants changed of the image's arguments, in the order of the changes. */
export function kernelArgsOf({ subject, assignment, defaults }: Omit<PlanInput, 'image'>): readonly KernelArgs[] {
  return [defaults, ...assignment.kernelArgs, subject.machine?.kernelArgs ?? {}];
}

/** Everything that the plan names, what is fetched first in front. */
export function artifactsOf(plan: BootPlan): readonly Artifact[] {
  return [...startOf(plan), ...plan.extras];
}

/** What of it is fetched before anything runs. */
export function startOf(plan: BootPlan): readonly Artifact[] {
  return plan.kind === 'uki' ? [plan.uki] : [plan.kernel, plan.initramfs];
}

function plannedOf({ subject, assignment, image }: PlanInput): Omit<Planned, 'id'> {
  const { reference, location, digest, manifestDigest } = image;
  return { machine: subject.name, assignment: assignment.name, image: { reference, location, digest, manifestDigest } };
}

function extrasOf({ artifacts }: ResolvedImage): readonly Artifact[] {
  return artifacts.filter(({ role }) => role === 'squashfs' || role === 'disk');
}

function idOf(draft: object): Digest {
  return digestOf(Buffer.from(JSON.stringify(draft)));
}
