import type { Assignment } from '../boot/assignment.js';
import type { WayChoice } from '../boot/choose-way.js';
import { type MemoryNeed, type MemoryShortage, memoryNeed, memoryShortage } from '../boot/memory-need.js';
import { neverDoneBecause, neverDoneByFirmware } from '../boot/never-done.js';
import { type BootPlan, type Planning, planBoot } from '../boot/plan.js';
import type { Policy } from '../boot/policy.js';
import type { BootlayerError, ErrorCode } from '../errors.js';
import type { Starter } from '../image/bootable.js';
import type { KernelArgs } from '../image/command-line.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import type { Way } from '../image/ways.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import { planScript } from './boot-script.js';
import type { BootUrls } from './boot-urls.js';
import { type GivenCapabilities, SOME_CAPABILITIES } from './placeholder-urls.js';

type KnownMemory = {
  /** Missing where nothing is known of it. */
  readonly memory?: MemoryNeed;
  /** Missing where it has enough, or nobody knows. */
  readonly shortage?: MemoryShortage;
};

/** What a machine gets from its image: what starts it, or the reason why there is nothing. */
type Preparation =
  | (KnownMemory & {
      readonly kind: 'ready';
      readonly planned: Planned;
      /** Missing where its firmware needs none. */
      readonly script?: string;
    })
  | { readonly kind: 'loader'; readonly reason: string }
  /** `isOfMachine`: for want of something that is not known of it. */
  | { readonly kind: 'refused'; readonly reason: string; readonly choice: WayChoice; readonly isOfMachine?: boolean };

export type Planned = Extract<Planning, { kind: 'plan' }>;

/** What of the assignment's image a machine of this architecture needs. */
export function wishFor({ variant, iso }: Assignment, architecture: string): ImageWish {
  return { os: 'linux', architecture, variant, ...(iso?.files !== undefined && { isoFiles: iso.files }) };
}

/** The same for a machine; undefined while its architecture is not known. */
export function wishOf({ facts }: Subject, assignment: Assignment): ImageWish | undefined {
  return facts.architecture === undefined ? undefined : wishFor(assignment, facts.architecture);
}

/** Stands for all where an image names none. */
export const ANY_ARCHITECTURE = 'amd64';

/** Why a machine is not booted, in the words of its screen and of the log. */
export const NO_ASSIGNMENT = 'no assignment matches this machine';
export const ARCHITECTURE_UNKNOWN = 'it does not report its architecture, and none is configured for it';

/** What a machine gets in the end. */
export type Prepared = {
  readonly preparation: Exclude<Preparation, { kind: 'loader' }>;
  /** Why UEFI HTTP Boot is given iPXE first, where it is. */
  readonly loader?: string;
};

/** Where what is wanting is the machine's, the way is known all the same. */
export function wayOf(prepared: Prepared['preparation']): Way | undefined {
  const choice = prepared.kind === 'ready' ? prepared.planned.choice : prepared.choice;
  return choice.kind === 'chosen' ? choice.way : undefined;
}

type Whom = { readonly subject: Subject; readonly assignment: Assignment };

export type PreparationParts = {
  readonly defaults: KernelArgs;
  readonly urls: BootUrls;
  readonly starter: Starter;
};

/** Plans and renders. Pure: the same for a machine that boots and for one that is only asked about. */
export function prepareBoot(whom: Whom, image: ResolvedImage, parts: PreparationParts): Prepared {
  const preparation = prepareOnce(whom, image, parts);
  if (preparation.kind !== 'loader') return { preparation };
  const { reason: loader } = preparation;
  const second = prepareOnce(whom, image, { ...parts, starter: { ...parts.starter, client: 'ipxe-uefi' } });
  if (second.kind === 'loader') throw new RangeError(`iPXE is not given iPXE: ${second.reason}`);
  return { preparation: second, loader };
}

function prepareOnce(whom: Whom, image: ResolvedImage, { defaults, urls, starter }: PreparationParts): Preparation {
  const { policy } = whom.assignment;
  const notByFirmware = starter.client === 'uefi-http' ? neverDoneByFirmware(policy) : undefined;
  if (notByFirmware !== undefined) return { kind: 'loader', reason: notByFirmware };
  const planned = planBoot({ ...whom, image, defaults, starter });
  if (planned.kind !== 'plan') return planned;
  const { plan, choice } = planned;
  const { facts } = whom.subject;
  if (choice.by === 'firmware') return { kind: 'ready', planned, ...memoryOf(plan, facts) };
  const scripted = plannedScript(planned, { facts, policy, urls, given: SOME_CAPABILITIES });
  return scripted.kind === 'refused' ? { ...scripted, choice } : { ...scripted, planned };
}

/** `policy`: undefined where nobody waits for the machine to be done. */
type ScriptFor = {
  readonly facts: MachineFacts;
  readonly policy: Policy | undefined;
  readonly urls: BootUrls;
  readonly given: GivenCapabilities;
};

type PlannedScript =
  | (KnownMemory & { readonly kind: 'ready'; readonly script: string })
  | { readonly kind: 'refused'; readonly reason: string };

/** What iPXE is given for a plan, or why it is not. Pure. */
export function plannedScript({ plan, choice }: Planned, { facts, policy, urls, given }: ScriptFor): PlannedScript {
  const neverDone = policy && neverDoneBecause(policy, choice);
  if (neverDone !== undefined) return { kind: 'refused', reason: neverDone };
  const memory = memoryOf(plan, facts);
  const rendered = planScript(plan, urls, { given, unmet: choice.unmet, shortage: memory.shortage });
  return rendered.kind === 'refused' ? rendered : { kind: 'ready', script: rendered.text, ...memory };
}

function memoryOf(plan: BootPlan, facts: MachineFacts): KnownMemory {
  const memory = memoryNeed(plan);
  const shortage = memoryShortage(memory, facts);
  return { ...(memory && { memory }), ...(shortage && { shortage }) };
}

/** These may pass by themselves, so the machine waits; whatever else goes wrong is shown and ends the attempt. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'REGISTRY_UNREACHABLE',
  'BLOB_UNAVAILABLE',
  'DISK_FULL',
  'DATA_UNUSABLE',
  'INTERNAL',
]);

/** Whether a machine that waits a little may find it mended. */
export function mayPass({ code }: BootlayerError): boolean {
  return PASSING.has(code);
}
