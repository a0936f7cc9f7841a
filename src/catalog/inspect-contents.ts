import type { ImageContents } from '../image/image.js';
import type { RangeSource } from './blob-ranges.js';
import type { ImageReport, ManifestReport } from './inspect.js';
import { readContents } from './layer-contents.js';

/** With what its layers are by how they begin. */
export type InspectedManifest = ManifestReport & { readonly contents: ImageContents };

export type InspectedImage = Omit<ImageReport, 'manifests'> & { readonly manifests: readonly InspectedManifest[] };

/** The same, with what its kernels, UKIs and ISO images are. Throws what the source throws. */
export async function inspectContents(source: RangeSource, report: ImageReport): Promise<InspectedImage> {
  const manifests: InspectedManifest[] = [];
  for (const manifest of report.manifests)
    manifests.push({ ...manifest, contents: await readContents(source, manifest) });
  return { ...report, manifests };
}
