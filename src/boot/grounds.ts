import type { ContentsRole } from '../image/contents.js';
import { artifactOf } from '../image/image.js';
import { type PlanInput, type Planning, planBoot, wantsArguments } from './plan.js';

/** A layer on which a planning rests: what is said of it, by whoever answers for its registry, may not be so. */
export type Ground = {
  readonly role: ContentsRole;
  /**
   * Whether the machine waits until the layer is verified, since by a lie it would be started otherwise, or not at all. Else the
   * layer is only looked at, where it is there.
   */
  readonly isDecisive: boolean;
};

/**
 * The next layer to be looked at before a planning counts; undefined when there is none. `seen`: those that were looked at already,
 * whether they were there in time or not. Pure.
 */
export function groundOf(planning: Planning, input: PlanInput, seen: ReadonlySet<ContentsRole>): Ground | undefined {
  const kernel = seen.has('kernel') ? undefined : kernelGround(planning, input);
  const uki = kernel === undefined && !seen.has('uki') ? ukiGround(planning, input) : undefined;
  return kernel ?? uki ?? (seen.has('iso') ? undefined : isoGround(planning, input));
}

/**
 * iPXE starts what is in it, which is what the ISO says, or reads it as a disc, of which no part is sent before all is there. Firmware
 * boots all of it, whatever it holds.
 */
function isoGround({ choice }: Planning, { image, starter }: PlanInput): Ground | undefined {
  if (artifactOf(image, 'iso') === undefined || starter.client === 'uefi-http') return undefined;
  const isOfIso = choice.kind === 'none' || choice.way === 'iso-files' || choice.way === 'iso';
  return isOfIso ? { role: 'iso', isDecisive: true } : undefined;
}

/** A kernel that is started, or of which it is said that it cannot be. */
function kernelGround(planning: Planning, input: PlanInput): Ground | undefined {
  if (artifactOf(input.image, 'kernel') === undefined) return undefined;
  const isDecisive = decides('kernel', planning, input);
  // When firmware has loaded iPXE, that is planned for anew.
  const isStarted = isOfLayers(planning) && planning.kind !== 'loader';
  return isDecisive || isStarted ? { role: 'kernel', isDecisive } : undefined;
}

function ukiGround(planning: Planning, input: PlanInput): Ground | undefined {
  if (artifactOf(input.image, 'uki') === undefined) return undefined;
  if (input.starter.client === 'uefi-http') return firmwareGround(planning, input);
  // Layers are started whatever the UKI is, but for one that Secure Boot would have in their place.
  const isDecisive = !isOfLayers(planning) || decides('uki', planning, input);
  return isDecisive ? { role: 'uki', isDecisive } : undefined;
}

/**
 * Firmware starts the UKI as it is, whatever that holds, unless there are kernel arguments that only iPXE could give. It has no time
 * to wait for all of a UKI of which its registry has said something.
 */
function firmwareGround(planning: Planning, input: PlanInput): Ground | undefined {
  const { image, assignment } = input;
  const isUki = planning.kind === 'plan' && planning.plan.kind === 'uki';
  const mayBeOpened = isUki && (image.commandLine !== '' || wantsArguments(input));
  if (!mayBeOpened && !decides('uki', planning, input)) return undefined;
  const isSettled = image.contents?.uki !== undefined || assignment.boot === 'uki';
  return { role: 'uki', isDecisive: !isSettled };
}

/** Whether it would be planned otherwise if nothing were said of that layer: in another way, not at all, or with other arguments. */
function decides(role: 'kernel' | 'uki', planning: Planning, input: PlanInput): boolean {
  const { [role]: said, ...contents } = input.image.contents ?? {};
  if (said === undefined) return false;
  const without = planBoot({ ...input, image: { ...input.image, contents } });
  return planning.kind === 'plan' && without.kind === 'plan'
    ? planning.plan.id !== without.plan.id
    : planning.kind !== without.kind;
}

function isOfLayers({ choice }: Planning): boolean {
  return choice.kind === 'chosen' && choice.way === 'kernel';
}
