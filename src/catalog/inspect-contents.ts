import type { ImageContents } from '../image/image.js';
import type { RangeSource } from './blob-ranges.js';
import type { ImageReport, ManifestReport } from './inspect.js';
import { readContents } from './layer-contents.js';

/** By how its layers begin. */
export type InspectedManifest = ManifestReport & ImageContents;

export type InspectedImage = Omit<ImageReport, 'manifests'> & { readonly manifests: readonly InspectedManifest[] };

/** The same, with what its kernels and UKIs are. Throws what the source throws. */
export async function inspectContents(source: RangeSource, report: ImageReport): Promise<InspectedImage> {
  const manifests: InspectedManifest[] = [];
  for (const manifest of report.manifests) manifests.push({ ...manifest, ...(await readContents(source, manifest)) });
  return { ...report, manifests };
}
