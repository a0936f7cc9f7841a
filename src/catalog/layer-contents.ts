import { artifactOf, type ImageContents, type ResolvedImage } from '../image/image.js';
import { readKernel } from '../image/kernel-kind.js';
import { readUki } from '../image/uki.js';
import { blobRanges, type RangeSource } from './blob-ranges.js';

type Artifacts = Pick<ResolvedImage, 'artifacts'>;

/** What the layers of an image are, of each of which a few kilobytes are read. Throws what the source throws. */
export async function readContents(source: RangeSource, image: Artifacts): Promise<ImageContents> {
  const [kernel, uki] = [artifactOf(image, 'kernel'), artifactOf(image, 'uki')];
  return {
    ...(kernel !== undefined && { kernel: await readKernel(blobRanges(source, kernel.descriptor)) }),
    ...(uki !== undefined && { uki: await readUki(blobRanges(source, uki.descriptor)) }),
  };
}
