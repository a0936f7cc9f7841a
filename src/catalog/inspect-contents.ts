import { type JudgedClients, judgeClients } from '../boot/judged-clients.js';
import type { ImageContents } from '../image/image.js';
import type { RangeSource } from './blob-ranges.js';
import type { ImageReport, ManifestReport } from './inspect.js';
import { readContents } from './layer-contents.js';

/** With what its layers are by how they begin, and who boots it therefore. */
export type InspectedManifest = ManifestReport & ImageContents & JudgedClients;

/** As `image inspect` shows it. */
export type InspectedImage = Omit<ImageReport, 'manifests'> & { readonly manifests: readonly InspectedManifest[] };

/** The same, with what its kernels and UKIs are. Throws what the source throws. */
export async function inspectContents(source: RangeSource, report: ImageReport): Promise<InspectedImage> {
  const manifests: InspectedManifest[] = [];
  for (const manifest of report.manifests) {
    const contents = await readContents(source, manifest);
    const judged = judgeClients({ ...manifest, contents }, manifest.architecture ?? architectureIn(contents));
    manifests.push({ ...manifest, ...contents, ...judged });
  }
  return { ...report, manifests };
}

/** Of a manifest that names none. */
function architectureIn({ kernel, uki }: ImageContents): string {
  const ofUki = uki?.kind === 'uki' ? uki.uki.architecture : undefined;
  return kernel?.architecture ?? ofUki ?? '';
}
