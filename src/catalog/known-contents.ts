import type { Clock } from '../clock.js';
import { artifactOf, type ImageContents, type ResolvedImage } from '../image/image.js';
import { type KernelFacts, readKernel } from '../image/kernel-kind.js';
import { type ReadUki, readUki } from '../image/uki.js';
import type { RangeSource } from './blob-ranges.js';
import { type LayerReader, LayerReadings } from './layer-readings.js';
import { SlowPlaces } from './slow-places.js';

/** For so long a resolution is put off until it is known what layers hold: less than anybody is patient with it. */
export const CONTENTS_MILLISECONDS = 2_000;

const KERNELS: LayerReader<KernelFacts> = { read: readKernel, isDoubtful: ({ kind }) => kind === 'unknown' };
const UKIS: LayerReader<ReadUki> = { read: readUki, isDoubtful: ({ kind }) => kind === 'refused' };

/** What the layers of images are, so far as it can be had without keeping anybody waiting. */
export class KnownContents {
  readonly #kernels: LayerReadings<KernelFacts>;
  readonly #ukis: LayerReadings<ReadUki>;

  constructor(clock: Clock) {
    const parts = { clock, places: new SlowPlaces(clock) };
    this.#kernels = new LayerReadings(KERNELS, parts);
    this.#ukis = new LayerReadings(UKIS, parts);
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
    // What cannot be used is looked at once more, and believed where that cannot be.
    const [foundKernel, foundUki] = await Promise.all([
      kernel && (certain(KERNELS, before.kernel) ?? this.#kernels.of(source, kernel.descriptor, patience)),
      uki && (certain(UKIS, before.uki) ?? this.#ukis.of(source, uki.descriptor, patience)),
    ]);
    const contents = {
      ...defined('kernel', foundKernel ?? (kernel && before.kernel)),
      ...defined('uki', foundUki ?? (uki && before.uki)),
    };
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

function certain<T>({ isDoubtful }: LayerReader<T>, value: T | undefined): T | undefined {
  return value === undefined || isDoubtful(value) ? undefined : value;
}

/** Whether there is nothing more to be known of it. What cannot be used may have been another's answer, and is read again. */
export function hasContents(image: ResolvedImage): boolean {
  const { kernel, uki } = image.contents ?? {};
  const lacks = (role: 'kernel' | 'uki') => artifactOf(image, role) === undefined;
  return (
    (lacks('kernel') || certain(KERNELS, kernel) !== undefined) && (lacks('uki') || certain(UKIS, uki) !== undefined)
  );
}
