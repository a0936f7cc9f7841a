import { type Ground, groundOf } from '../boot/grounds.js';
import { type PlanInput, type Planning, planBoot } from '../boot/plan.js';
import type { Clock } from '../clock.js';
import { formatBytes } from '../format.js';
import { CONTENTS_ROLES, type ContentsRole } from '../image/contents.js';
import { artifactOf, type ResolvedImage } from '../image/image.js';
import { isoParts } from '../image/iso-parts.js';
import { openedIso } from '../image/iso-ways.js';
import type { OpenedParts } from '../image/opened-parts.js';
import { ukiParts } from '../image/uki-parts.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { MappedImages } from './mapped-images.js';
import type { VerifiedContents } from './verified-contents.js';

export type VerifiedPlansParts = {
  readonly contents: Pick<VerifiedContents, 'added' | 'received'>;
  readonly mapped: Pick<MappedImages, 'opened'>;
  readonly clock: Clock;
};

/** What a plan waits for. */
export type Waits = { readonly kind: 'waiting'; readonly reason: string };

/** Before an answer is due, so many are for saying what has come of a layer that is not all there, and for the answer itself. */
const REST_MILLISECONDS = 500;
/** A screen tells what is known by then. */
const LOOK_MILLISECONDS = 200;

const LATE = { kind: 'late' } as const;

const NAMES: Readonly<Record<ContentsRole, string>> = { kernel: 'kernel', uki: 'UKI', iso: 'ISO' };

/**
 * Plans by what layers are. What that is is believed when its digest is proven: whoever answers for a registry could have a UKI
 * started with other arguments, or a kernel not at all. Nothing is left waiting for it but for a while.
 */
export class VerifiedPlans {
  readonly #parts: VerifiedPlansParts;

  constructor(parts: VerifiedPlansParts) {
    this.#parts = parts;
  }

  /** `due`: when it is to be answered, in ticks of the clock. Throws what the cache throws. */
  async plan(input: PlanInput, due: number): Promise<Planning | Waits> {
    const seen = new Set<ContentsRole>();
    let believed = input;
    let planning = planBoot(believed);
    // Each layer is looked at once.
    for (let looks = 0; looks < CONTENTS_ROLES.length; looks += 1) {
      const ground = groundOf(planning, believed, seen);
      if (ground === undefined) break;
      const { image } = believed;
      const proven = await this.#proven(image, ground, due - REST_MILLISECONDS);
      if (proven === undefined && ground.isDecisive) return this.#waits(image, ground);
      seen.add(ground.role);
      if (proven === undefined) continue;
      believed = { ...believed, image: proven };
      planning = planBoot(believed);
    }
    return planning;
  }

  /** The image with what that layer is; undefined when the layer is not there in time. What decides nothing may as well be lost. */
  async #proven(image: ResolvedImage, { role, isDecisive }: Ground, ends: number): Promise<ResolvedImage | undefined> {
    const { clock, contents, mapped } = this.#parts;
    const reading = contents.added(image, role);
    const left = Math.max(0, ends - clock.ticks());
    const read = isDecisive
      ? await clock.within(left, reading)
      : await clock.within(Math.min(LOOK_MILLISECONDS, left), reading).catch(() => LATE);
    if (read.kind === 'late') return undefined;
    const parts = openedParts(read.value, role);
    if (parts !== undefined) mapped.opened(parts);
    return read.value;
  }

  async #waits(image: ResolvedImage, { role }: Ground): Promise<Waits> {
    const descriptor = artifactOf(image, role)?.descriptor;
    const arrived = descriptor === undefined ? '' : `: ${await this.#arrived(descriptor)}`;
    return { kind: 'waiting', reason: `the ${NAMES[role]} of ${image.reference} is on its way${arrived}` };
  }

  /** How much of it has come, as far as that is known at once. */
  async #arrived(layer: Descriptor): Promise<string> {
    const { clock, contents } = this.#parts;
    const size = formatBytes(layer.size);
    const known = await clock.within(LOOK_MILLISECONDS, contents.received(layer)).catch(() => undefined);
    const received = known?.kind === 'done' ? known.value : undefined;
    return received === undefined ? size : `${Math.floor((100 * received) / layer.size)} % of ${size}`;
  }
}

/** What of that layer a machine would start, where it is opened. */
function openedParts(image: ResolvedImage, role: ContentsRole): OpenedParts | undefined {
  const layer = artifactOf(image, role);
  if (layer === undefined) return undefined;
  const uki = image.contents?.uki;
  if (role === 'uki') return uki?.kind === 'uki' ? ukiParts(layer, uki.uki) : undefined;
  const iso = role === 'iso' ? openedIso(image) : undefined;
  return iso && isoParts(layer, iso);
}
