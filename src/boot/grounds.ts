import type { ContentsRole } from '../image/contents.js';
import { artifactOf, type ResolvedImage } from '../image/image.js';
import { type PlanInput, type Planning, planBoot } from './plan.js';

/** A layer of which a planning believes what is said of it. */
export type Ground = {
  readonly role: ContentsRole;
  /** Whether it may be another planning where that is a lie; else it may be a better one where the truth is at hand. */
  readonly isDecisive: boolean;
};

/** Something that a planning rests on of what the layers of its image are said to be, beside those that are proven. Pure. */
export function groundOf(planning: Planning, input: PlanInput, proven: ReadonlySet<ContentsRole>): Ground | undefined {
  if (!proven.has('kernel') && artifactOf(input.image, 'kernel') !== undefined) {
    const isDecisive = decidesKernel(planning, input);
    if (isDecisive || isOfLayers(planning)) return { role: 'kernel', isDecisive };
  }
  return !proven.has('uki') && restsOnUki(planning, input) ? { role: 'uki', isDecisive: true } : undefined;
}

/** Of layers it is not, unless they are chosen under Secure Boot since the UKI is not signed. */
function restsOnUki(planning: Planning, { image, starter }: PlanInput): boolean {
  if (artifactOf(image, 'uki') === undefined) return false;
  return !isOfLayers(planning) || starter.secureBoot === true;
}

/** Whether a kernel of which nothing is said would be started otherwise: in another way, at all, or with more arguments. */
function decidesKernel(planning: Planning, input: PlanInput): boolean {
  if (input.image.contents?.kernel === undefined) return false;
  const without = planBoot({ ...input, image: withoutKernel(input.image) });
  return planning.kind === 'plan' && without.kind === 'plan'
    ? planning.plan.id !== without.plan.id
    : planning.kind !== without.kind;
}

function withoutKernel(image: ResolvedImage): ResolvedImage {
  const { kernel: _said, ...contents } = image.contents ?? {};
  return { ...image, contents };
}

function isOfLayers(planning: Planning): boolean {
  return planning.kind === 'plan' && planning.choice.way === 'kernel';
}
