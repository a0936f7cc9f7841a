import { unbootableBecause } from '../image/clients.js';
import { editCommandLine, type KernelArgs } from '../image/command-line.js';
import { type Artifact, artifactOf, type ResolvedImage } from '../image/image.js';
import type { Subject } from '../machine/inventory.js';
import { type Digest, digestOf } from '../oci/digest.js';
import type { Assignment } from './assignment.js';

/** Everything decided for one machine now, pinned to digests. The same plan renders the same bytes. Plain data. */
export type BootPlan = {
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
  /** What is started. */
  readonly kernel: Artifact;
  readonly initramfs: Artifact;
  /** Served beside it: what `{blob.<role>.url}` in the kernel arguments leads to. */
  readonly extras: readonly Artifact[];
  /** The finished kernel arguments; placeholders are filled when the script is written, with the address then advertised. */
  readonly kernelArgs: string;
};

export type Planning =
  | { readonly kind: 'plan'; readonly plan: BootPlan }
  | { readonly kind: 'refused'; readonly reason: string };

export type PlanInput = {
  readonly subject: Subject;
  readonly assignment: Assignment;
  readonly image: ResolvedImage;
  readonly defaults: KernelArgs;
};

/** Chooses what of the image this machine starts, or says why nothing of it can be. Pure. */
export function planBoot({ subject, assignment, image, defaults }: PlanInput): Planning {
  const kernel = artifactOf(image, 'kernel');
  const initramfs = artifactOf(image, 'initramfs');
  if (kernel === undefined || initramfs === undefined) {
    return { kind: 'refused', reason: `${image.reference} cannot be booted: ${unbootableBecause(image.artifacts)}` };
  }
  const edits: readonly KernelArgs[] = [defaults, ...assignment.kernelArgs, subject.machine?.kernelArgs ?? {}];
  const draft: Omit<BootPlan, 'id'> = {
    machine: subject.name,
    assignment: assignment.name,
    image: {
      reference: image.reference,
      location: image.location,
      digest: image.digest,
      manifestDigest: image.manifestDigest,
    },
    kernel,
    initramfs,
    extras: image.artifacts.filter(({ role }) => role === 'squashfs' || role === 'disk'),
    kernelArgs: edits.reduce(editCommandLine, image.commandLine),
  };
  return { kind: 'plan', plan: { id: digestOf(Buffer.from(JSON.stringify(draft))), ...draft } };
}
