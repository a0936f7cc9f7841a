import type { JudgedClients } from '../boot/judged-clients.js';
import type { ImageContents, ResolvedImage } from '../image/image.js';
import type { RangeSource } from './blob-ranges.js';
import type { ImageReport, ManifestReport } from './inspect.js';
import { readContents } from './layer-contents.js';

/** With what its layers are by how they begin, and who boots it therefore. */
export type InspectedManifest = ManifestReport & ImageContents & JudgedClients;

/** As `image inspect` shows it. */
export type InspectedImage = Omit<ImageReport, 'manifests'> & { readonly manifests: readonly InspectedManifest[] };

/** `architecture`: undefined where nothing of the image names one. */
export type JudgeImage = (
  image: Pick<ResolvedImage, 'artifacts' | 'commandLine' | 'contents'>,
  architecture: string | undefined,
) => JudgedClients;

/** The same, with what its kernels and UKIs are, and who boots them. Throws what the source throws. */
export async function inspectContents(
  source: RangeSource,
  report: ImageReport,
  judge: JudgeImage,
): Promise<InspectedImage> {
  const manifests: InspectedManifest[] = [];
  for (const manifest of report.manifests) {
    const contents = await readContents(source, manifest);
    const judged = judge({ ...manifest, contents }, manifest.architecture ?? architectureIn(contents));
    manifests.push({ ...manifest, ...contents, ...judged });
  }
  return { ...report, manifests };
}

/** Of a manifest that names none. */
function architectureIn({ kernel, uki }: ImageContents): string | undefined {
  const ofUki = uki?.kind === 'uki' ? uki.uki.architecture : undefined;
  return kernel?.architecture ?? ofUki;
}
