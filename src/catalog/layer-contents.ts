import { artifactOf, type ImageContents, type ResolvedImage } from '../image/image.js';
import { KERNEL_HEAD_BYTES, type KernelFacts, kernelFacts } from '../image/kernel-kind.js';
import type { RangeReader } from '../image/range-reader.js';
import { readUki } from '../image/uki.js';
import { blobRanges, type RangeSource } from './blob-ranges.js';

type Artifacts = Pick<ResolvedImage, 'artifacts'>;

export async function readKernel(file: RangeReader): Promise<KernelFacts> {
  return kernelFacts(await file.read(0, Math.min(KERNEL_HEAD_BYTES, file.size)));
}

/** What the layers of an image are, of each of which a few kilobytes are read. Throws what the source throws. */
export async function readContents(source: RangeSource, image: Artifacts): Promise<ImageContents> {
  const [kernel, uki] = [artifactOf(image, 'kernel'), artifactOf(image, 'uki')];
  return {
    ...(kernel !== undefined && { kernel: await readKernel(blobRanges(source, kernel.descriptor)) }),
    ...(uki !== undefined && { uki: await readUki(blobRanges(source, uki.descriptor)) }),
  };
}
