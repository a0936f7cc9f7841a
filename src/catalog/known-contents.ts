import type { Clock } from '../clock.js';
import { artifactOf, type ImageContents, type ResolvedImage } from '../image/image.js';
import { type KernelFacts, readKernel } from '../image/kernel-kind.js';
import { type ReadUki, readUki } from '../image/uki.js';
import type { RangeSource } from './blob-ranges.js';
import { LayerReadings } from './layer-readings.js';

/** For so long a resolution is put off until it is known what layers hold: less than anybody is patient with it. */
export const CONTENTS_MILLISECONDS = 2_000;

/** What the layers of images are, so far as it can be had without keeping anybody waiting. */
export class KnownContents {
  readonly #kernels: LayerReadings<KernelFacts>;
  readonly #ukis: LayerReadings<ReadUki>;

  constructor(clock: Clock) {
    this.#kernels = new LayerReadings(readKernel, clock);
    this.#ukis = new LayerReadings(readUki, clock);
  }

  /**
   * The image with what is known of it: `stored` may know it already. What is not to be had within so many milliseconds is left
   * out. Never fails.
   */
  async added(
    image: ResolvedImage,
    { source, stored, patience }: { source: RangeSource; stored: ResolvedImage | undefined; patience: number },
  ): Promise<ResolvedImage> {
    const before = stored !== undefined && isSame(image, stored) ? (stored.contents ?? {}) : {};
    const [kernel, uki] = [artifactOf(image, 'kernel'), artifactOf(image, 'uki')];
    const [readKernel, readUki] = await Promise.all([
      kernel && (before.kernel ?? this.#kernels.of(source, kernel.descriptor, patience)),
      // What cannot be used is looked at once more: others than those of the image may have answered.
      uki && (before.uki?.kind === 'uki' ? before.uki : this.#ukis.of(source, uki.descriptor, patience)),
    ]);
    const contents = { ...defined('kernel', readKernel), ...defined('uki', readUki ?? (uki && before.uki)) };
    const { contents: _before, ...rest } = image;
    return Object.keys(contents).length === 0 ? rest : { ...rest, contents };
  }

  close(): void {
    this.#kernels.close();
    this.#ukis.close();
  }
}

/** By its digest and its place: what is read is not verified, and so is the word of who gave it. */
function isSame(image: ResolvedImage, stored: ResolvedImage): boolean {
  return image.manifestDigest === stored.manifestDigest && image.location === stored.location;
}

function defined<Name extends keyof ImageContents>(name: Name, value: ImageContents[Name] | undefined): ImageContents {
  return value === undefined ? {} : { [name]: value };
}

/** Whether there is nothing more to be known of it. */
export function hasContents(image: ResolvedImage): boolean {
  const { contents = {} } = image;
  return (['kernel', 'uki'] as const).every(
    (role) => contents[role] !== undefined || artifactOf(image, role) === undefined,
  );
}
