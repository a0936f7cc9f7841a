import { BootlayerError } from '../errors.js';
import { artifactsOf } from '../image/artifacts.js';
import type { Artifact } from '../image/image.js';
import { isAttestation, variantOf } from '../image/select-manifest.js';
import type { Digest } from '../oci/digest.js';
import type { ImageSource } from '../oci/image-source.js';
import type { Annotations, Index, IndexEntry, Manifest } from '../oci/manifest.js';
import { isIndexType, isManifestType } from '../oci/media-type.js';
import { formatPlatform, normalizeArchitecture } from '../oci/platform.js';
import { formatReference, type ImageReference, manifestNameOf } from '../oci/reference.js';
import { DocumentReader, type FetchDocument, type ReadDocument } from './document-reader.js';

/** Everything an image holds, for all platforms, but for what is in its layers. */
export type ImageReport = {
  readonly reference: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly annotations: Annotations;
  readonly manifests: readonly ManifestReport[];
};

export type ManifestReport = {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platform: string;
  /** Go's name, where somebody names it. */
  readonly architecture?: string;
  readonly variant?: string;
  readonly annotations: Annotations;
  readonly artifacts: readonly Artifact[];
  readonly commandLine: string;
};

const MAX_MANIFESTS = 200;
const MAX_DEPTH = 3;

/** Reads an image whole but for its layers. Throws what the source throws, and IMAGE_INVALID. */
export async function inspectImage(
  source: ImageSource,
  reference: ImageReference,
  fetch: FetchDocument = (name) => source.fetchDocument(name),
): Promise<ImageReport> {
  const what = formatReference(reference);
  const reader = new DocumentReader(what, source, fetch);
  const top = await reader.top(manifestNameOf(reference));
  return {
    reference: what,
    digest: top.descriptor.digest,
    mediaType: top.descriptor.mediaType,
    annotations: top.document.annotations,
    manifests: await reportsOf(reader, top, undefined, 1),
  };
}

/** The architectures an image has something for under Linux, each once. */
export function architecturesIn({ manifests }: ImageReport): readonly string[] {
  const linux = manifests.filter(({ platform }) => !platform.includes('/') || platform.startsWith('linux/'));
  return [...new Set(linux.flatMap(({ architecture }) => architecture ?? []))];
}

async function reportsOf(
  reader: DocumentReader,
  read: ReadDocument,
  entry: IndexEntry | undefined,
  depth: number,
): Promise<readonly ManifestReport[]> {
  if (read.document.kind === 'manifest') return [await reportOf(reader, read, read.document, entry)];
  if (depth >= MAX_DEPTH) {
    throw new BootlayerError('IMAGE_INVALID', `an index of it is nested deeper than ${MAX_DEPTH - 1}`);
  }
  const reports: ManifestReport[] = [];
  for (const child of worthReading(read.document)) {
    reports.push(...(await reportsOf(reader, await reader.entry(child), child, depth + 1)));
  }
  return reports;
}

/** Attestations and the like stand beside the images. */
function worthReading(index: Index): readonly IndexEntry[] {
  const real = index.entries.filter((entry) => !isAttestation(entry) && isKnown(entry));
  if (real.length <= MAX_MANIFESTS) return real;
  throw new BootlayerError('IMAGE_INVALID', `an index of it has more than ${MAX_MANIFESTS} manifests`);
}

function isKnown({ mediaType }: IndexEntry): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

async function reportOf(
  reader: DocumentReader,
  { descriptor }: ReadDocument,
  manifest: Manifest,
  entry: IndexEntry | undefined,
): Promise<ManifestReport> {
  const artifacts = artifactsOf(manifest);
  const variant = (entry && variantOf(entry.annotations)) ?? variantOf(manifest.annotations);
  const architecture = await architectureOf(reader, manifest, entry);
  return {
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    platform: entry?.platform === undefined ? (architecture ?? 'unknown') : formatPlatform(entry.platform),
    ...(architecture !== undefined && { architecture }),
    ...(variant !== undefined && { variant }),
    annotations: { ...manifest.annotations, ...entry?.annotations },
    artifacts,
    commandLine: await reader.commandLine(manifest, artifacts),
  };
}

async function architectureOf(
  reader: DocumentReader,
  manifest: Manifest,
  entry: IndexEntry | undefined,
): Promise<string | undefined> {
  const annotated = entry?.annotations.architecture;
  if (entry?.platform !== undefined) return entry.platform.architecture;
  return annotated === undefined ? reader.architecture(manifest) : normalizeArchitecture(annotated);
}
