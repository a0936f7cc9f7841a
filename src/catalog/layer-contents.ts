import { layerContents, readLayer } from '../image/contents.js';
import type { ImageContents, ResolvedImage } from '../image/image.js';
import { blobRanges, type RangeSource } from './blob-ranges.js';

/** What the layers of an image are, of each of which a few kilobytes are read. Throws what the source throws. */
export function readContents(source: RangeSource, image: Pick<ResolvedImage, 'artifacts'>): Promise<ImageContents> {
  return layerContents(image, ({ descriptor }, role) => readLayer(role, blobRanges(source, descriptor)));
}
