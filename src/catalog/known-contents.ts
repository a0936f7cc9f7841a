import type { Clock } from '../clock.js';
import {
  CONTENTS_ROLES,
  type ContentsRole,
  contentsOf,
  isDoubtful,
  isoFilesOf,
  layerContents,
  readLayer,
} from '../image/contents.js';
import { artifactOf, type ImageContents, type ResolvedImage } from '../image/image.js';
import { isoFilesName } from '../image/iso-files.js';
import type { RangeSource } from './blob-ranges.js';
import { LayerReadings } from './layer-readings.js';
import { SlowPlaces } from './slow-places.js';

/** For so long a resolution is put off until it is known what layers hold: less than anybody is patient with it. */
export const CONTENTS_MILLISECONDS = 2_000;

/** What the layers of images are, so far as it can be had without keeping anybody waiting. */
export class KnownContents {
  readonly #readings: Readonly<Record<ContentsRole, LayerReadings<ImageContents>>>;

  constructor(clock: Clock) {
    const parts = { clock, places: new SlowPlaces(clock) };
    const readingsOf = (role: ContentsRole) =>
      new LayerReadings<ImageContents>(
        { read: (file, isoFiles) => readLayer(role, file, isoFiles), isDoubtful },
        parts,
      );
    this.#readings = { kernel: readingsOf('kernel'), uki: readingsOf('uki'), iso: readingsOf('iso') };
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
    const contents = await layerContents(image, async ({ descriptor }, role) => {
      const known = contentsOf(before, role);
      if (known !== undefined && !isDoubtful(known)) return known;
      // What cannot be used is looked at once more, and believed where that cannot be.
      return (await this.#readings[role].of(source, descriptor, patience, isoFilesOf(image, role))) ?? known;
    });
    const { contents: _before, ...rest } = image;
    return Object.keys(contents).length === 0 ? rest : { ...rest, contents };
  }

  close(): void {
    for (const readings of Object.values(this.#readings)) readings.close();
  }
}

/** By its digest and its place: what is read is not verified, and so is the word of who gave it. And by what it was read for. */
function isSame(image: ResolvedImage, stored: ResolvedImage): boolean {
  const isOneImage = image.manifestDigest === stored.manifestDigest && image.location === stored.location;
  return isOneImage && isoFilesName(image.isoFiles) === isoFilesName(stored.isoFiles);
}

/** Whether there is nothing more to be known of it. What cannot be used may have been another's answer, and is read again. */
export function hasContents(image: ResolvedImage): boolean {
  return CONTENTS_ROLES.every((role) => {
    if (artifactOf(image, role) === undefined) return true;
    const known = contentsOf(image.contents ?? {}, role);
    return known !== undefined && !isDoubtful(known);
  });
}
