import type { Assignment } from '../boot/assignment.js';
import type { Chosen, WayChoice } from '../boot/choose-way.js';
import { type MemoryNeed, type MemoryShortage, memoryNeed, memoryShortage } from '../boot/memory-need.js';
import { type Planning, planBoot } from '../boot/plan.js';
import { mustReport } from '../boot/policy.js';
import type { BootlayerError, ErrorCode } from '../errors.js';
import type { Starter } from '../image/bootable.js';
import type { KernelArgs } from '../image/command-line.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import type { Subject } from '../machine/inventory.js';
import { planScript, SOME_CAPABILITY } from './boot-script.js';
import type { BootUrls } from './boot-urls.js';

/** What a machine gets from its image: what starts it, or the reason why there is nothing. */
type Preparation =
  | {
      readonly kind: 'ready';
      readonly planned: Planned;
      readonly memory: MemoryNeed;
      /** Missing where it has enough, or nobody knows. */
      readonly shortage?: MemoryShortage;
      /** Missing where its firmware needs none. */
      readonly script?: string;
    }
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
  const untoldYet = starter.client === 'uefi-http' ? untoldBecause(whom.assignment, LOST_BY_FIRMWARE) : undefined;
  if (untoldYet !== undefined) return { kind: 'loader', reason: untoldYet };
  const planned = planBoot({ ...whom, image, defaults, starter });
  if (planned.kind !== 'plan') return planned;
  const { plan, choice } = planned;
  const untold = untoldBecause(whom.assignment, choice);
  if (untold !== undefined) return { kind: 'refused', reason: untold, choice };
  const memory = memoryNeed(plan, image);
  const shortage = memoryShortage(memory, whom.subject.facts);
  const ready = { kind: 'ready', planned, memory, ...(shortage && { shortage }) } as const;
  if (choice.by === 'firmware') return ready;
  const rendered = planScript(plan, urls, { capability: SOME_CAPABILITY, unmet: choice.unmet, shortage });
  return rendered.kind === 'refused' ? { ...rendered, choice } : { ...ready, script: rendered.text };
}

/** Firmware gives no arguments to what it starts. */
export const LOST_BY_FIRMWARE = { way: 'uki', by: 'firmware', unmet: ['arguments'] } as const;

type Started = Pick<Chosen, 'way' | 'by' | 'unmet'>;

/** Why a machine of which it is to be known when it is done is not started so, since it would never be; undefined where it may be. Pure. */
export function untoldBecause({ policy }: Assignment, { way, by, unmet }: Started): string | undefined {
  if (policy.mode === 'once' && policy.doneWhen === 'started' && way === 'iso' && by === 'ipxe')
    return 'it is done when it has started, and an ISO that iPXE reads as a disc does not show when that is';
  if (!mustReport(policy)) return undefined;
  if (unmet.includes('arguments')) return 'it is to report that it is done, and a UKI is not told where';
  return unmet.includes('iso-arguments') ? 'it is to report that it is done, and an ISO is not told where' : undefined;
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
