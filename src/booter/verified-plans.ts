import { type PlanInput, type Planning, planBoot, restsOnUki } from '../boot/plan.js';
import type { Clock } from '../clock.js';
import { formatBytes } from '../format.js';
import { artifactOf } from '../image/image.js';
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

/** Of the five seconds within which a script is answered, so many are for a layer that is not all there. */
const LAYER_PATIENCE_MILLISECONDS = 3_500;
/** A screen tells what is known by then. */
const LOOK_MILLISECONDS = 200;

/**
 * Plans by what layers are. What that is is believed when its digest is proven: whoever answers for a registry could have a UKI
 * started with other arguments, or something else of it started. Nothing is left waiting for it but for a while.
 */
export class VerifiedPlans {
  readonly #parts: VerifiedPlansParts;

  constructor(parts: VerifiedPlansParts) {
    this.#parts = parts;
  }

  /** Throws what the cache throws. */
  async plan(input: PlanInput): Promise<Planning | Waits> {
    const { clock, contents, mapped } = this.#parts;
    const planning = planBoot(input);
    const uki = artifactOf(input.image, 'uki');
    if (uki === undefined || !restsOnUki(planning, input)) return planning;
    const read = await clock.within(LAYER_PATIENCE_MILLISECONDS, contents.added(input.image, 'uki'));
    if (read.kind === 'late') {
      const arrived = await this.#arrived(uki.descriptor);
      return { kind: 'waiting', reason: `the UKI of ${input.image.reference} is on its way: ${arrived}` };
    }
    const image = read.value;
    if (image.contents?.uki?.kind === 'uki') mapped.opened(uki, image.contents.uki.uki);
    return planBoot({ ...input, image });
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
