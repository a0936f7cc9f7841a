import type { Artifact } from '../image/image.js';
import { KERNEL_HEAD_BYTES, type KernelFacts, kernelFacts } from '../image/kernel-kind.js';
import type { RangeReader } from '../image/range-reader.js';
import type { Role } from '../image/role.js';
import { type ReadUki, readUki } from '../image/uki.js';
import type { ImageSource } from '../oci/image-source.js';
import { blobRanges } from './blob-ranges.js';
import type { ImageReport, ManifestReport } from './inspect.js';

/** By how its layers begin. */
export type InspectedManifest = ManifestReport & { readonly kernel?: KernelFacts; readonly uki?: ReadUki };

export type InspectedImage = Omit<ImageReport, 'manifests'> & { readonly manifests: readonly InspectedManifest[] };

/** The same, with what its kernels and UKIs are; of each, a few kilobytes are read. Throws what the source throws. */
export async function inspectContents(
  source: Pick<ImageSource, 'fetchBlob'>,
  report: ImageReport,
): Promise<InspectedImage> {
  const manifests: InspectedManifest[] = [];
  for (const manifest of report.manifests) {
    const reader = readerOf(source, manifest.artifacts);
    const [kernel, uki] = [reader('kernel'), reader('uki')];
    manifests.push({
      ...manifest,
      ...(kernel !== undefined && { kernel: kernelFacts(await kernel.read(0, KERNEL_HEAD_BYTES)) }),
      ...(uki !== undefined && { uki: await readUki(uki) }),
    });
  }
  return { ...report, manifests };
}

function readerOf(source: Pick<ImageSource, 'fetchBlob'>, artifacts: readonly Artifact[]) {
  return (role: Role): RangeReader | undefined => {
    const found = artifacts.find((artifact) => artifact.role === role);
    return found && blobRanges(source, found.descriptor);
  };
}
