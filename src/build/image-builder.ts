import { BootlayerError } from '../errors.js';
import { IMAGE_CONFIG } from '../image/media-type.js';
import type { Role } from '../image/role.js';
import { variantOf } from '../image/select-manifest.js';
import { type Descriptor, descriptorOf } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { countedContent, type FetchedDocument, type ImageSource, type ImageTarget, once } from '../oci/image-source.js';
import { type Annotations, type IndexEntry, parseDocument } from '../oci/manifest.js';
import { OCI_INDEX, OCI_MANIFEST } from '../oci/media-type.js';
import { formatPlatform, type Platform } from '../oci/platform.js';

/** A layer's bytes, which can be read as often as there are places to write them to. */
export type Layer = {
  readonly role: Role;
  readonly descriptor: Descriptor;
  readonly open: () => AsyncIterable<Uint8Array>;
};

export type ImageRecipe = {
  readonly platform: Platform;
  readonly variant: string;
  /** In the order they are to stand in the manifest. */
  readonly layers: readonly Layer[];
  readonly commandLine: string;
  readonly annotations: Annotations;
};

/** An image of one platform as documents. The same recipe gives the same bytes. */
export type BuiltManifest = {
  readonly config: FetchedDocument;
  readonly manifest: FetchedDocument;
  readonly recipe: ImageRecipe;
};

/** Pure. Command lines go into the configuration, where IronCore's own tools look for them (OCI-SPEC.md). */
export function buildManifest(recipe: ImageRecipe): BuiltManifest {
  const { platform, variant, layers, commandLine, annotations } = recipe;
  const config = documentOf(IMAGE_CONFIG, commandLine === '' ? {} : { commandLine });
  const manifest = documentOf(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: { ...annotations, architecture: platform.architecture, variant },
  });
  return { config, manifest, recipe };
}

/**
 * An index with the manifest in it: a new one, or the existing one with the entry of the same platform and variant
 * replaced and everything else kept. `variantIn`: what the manifests say of theirs, where the index does not.
 * Throws IMAGE_INVALID when what exists is not an index.
 */
export function buildIndex(
  built: BuiltManifest,
  existing: FetchedDocument | undefined,
  variantIn: ReadonlyMap<Digest, string> = new Map(),
): FetchedDocument {
  const { platform, variant, annotations } = built.recipe;
  const entry = { ...built.manifest.descriptor, platform, annotations: { variant } };
  const old = existing === undefined ? undefined : entriesOf(existing);
  const replaced = ({ parsed }: Existing) => {
    const its = variantOf(parsed.annotations) ?? variantIn.get(parsed.digest);
    return isFor(parsed, platform) && (its === undefined || its === variant);
  };
  const kept = (old ?? []).filter((one) => !replaced(one)).map(({ raw }) => raw);
  return documentOf(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [...kept, entry],
    ...annotationsOf(existing, annotations),
  });
}

export type Destination = ImageSource & ImageTarget;

/** Told before each layer that is written, and how much of it went out; layers that are there already are complete. */
export type Progress = (layer: Layer, sent: number) => void;

export type WriteOptions = {
  readonly tag: string;
  readonly append: boolean;
  readonly progress: Progress;
  /** Ends the writing between two pieces of a layer. */
  readonly signal?: AbortSignal;
};

export type WrittenImage = {
  readonly index: FetchedDocument;
  /** Platforms that the tag led to before and leads to no more, `linux/arm64`. */
  readonly dropped: readonly string[];
  /** Whether nothing had its tag before. What cannot be read counts as something. */
  readonly isNew: boolean;
};

/** Writes the image so that nothing ever names what is not there yet: layers, manifest, then the index under its tag. */
export async function writeImage(
  built: BuiltManifest,
  destination: Destination,
  { tag, append, progress, signal }: WriteOptions,
): Promise<WrittenImage> {
  // What is only to be replaced may be anything at all.
  const found = findIndex(destination, tag);
  const there = await (append ? found : found.catch(() => 'unreadable' as const));
  const before = there === 'unreadable' ? undefined : there;
  const existing = append ? before : undefined;
  const index = buildIndex(built, existing, existing && (await variantsOf(existing, built, destination)));
  for (const layer of built.recipe.layers) await writeLayer(layer, destination, { progress, signal });
  const { config } = built;
  await destination.pushBlob(config.descriptor, () => once(config.bytes));
  await destination.pushDocument(built.manifest);
  await destination.pushDocument(index, tag);
  const dropped = before === undefined ? [] : platformsIn(before).filter(isNotIn(platformsIn(index)));
  return { index, dropped, isNew: there === undefined };
}

function isNotIn(some: readonly string[]): (one: string) => boolean {
  return (one) => !some.includes(one);
}

/** Of an index; a single manifest names none, nor does what cannot be read. */
function platformsIn({ descriptor, bytes }: FetchedDocument): readonly string[] {
  const document = readable(() => parseDocument(descriptor.digest, descriptor.mediaType, bytes));
  if (document?.kind !== 'index') return [];
  return [
    ...new Set(document.entries.flatMap(({ platform }) => (platform === undefined ? [] : formatPlatform(platform)))),
  ];
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

type Sending = Pick<WriteOptions, 'progress'> & { readonly signal: AbortSignal | undefined };

async function writeLayer(layer: Layer, destination: Destination, { progress, signal }: Sending): Promise<void> {
  progress(layer, 0);
  if (!(await destination.hasBlob(layer.descriptor))) {
    await destination.pushBlob(layer.descriptor, () =>
      countedContent(layer.open(), (sent) => progress(layer, sent), signal),
    );
  }
  progress(layer, layer.descriptor.size);
}

async function findIndex(destination: Destination, tag: string): Promise<FetchedDocument | undefined> {
  try {
    return await destination.fetchDocument({ kind: 'tag', tag });
  } catch (thrown) {
    if (thrown instanceof BootlayerError && thrown.code === 'IMAGE_NOT_FOUND') return undefined;
    throw thrown;
  }
}

type Existing = { readonly parsed: IndexEntry; readonly raw: unknown };

/** Both as read and as written: fields we do not know stay. */
function entriesOf({ descriptor, bytes }: FetchedDocument): readonly Existing[] {
  const document = parseDocument(descriptor.digest, descriptor.mediaType, bytes);
  if (document.kind !== 'index') {
    throw new BootlayerError(
      'IMAGE_INVALID',
      `${descriptor.digest} is a single manifest, nothing can be appended to it`,
      {
        remedy: 'build without --append, or under another tag',
      },
    );
  }
  const { manifests } = rawOf(bytes);
  return document.entries.map((parsed, position) => ({ parsed, raw: manifests?.[position] }));
}

function annotationsOf(existing: FetchedDocument | undefined, more: Annotations): { annotations?: Annotations } {
  const annotations = { ...(existing && rawOf(existing.bytes).annotations), ...more };
  return Object.keys(annotations).length === 0 ? {} : { annotations };
}

type RawIndex = { readonly manifests?: readonly unknown[]; readonly annotations?: Annotations };

/** Only for what `parseDocument` has found to be an index. */
function rawOf(bytes: Uint8Array): RawIndex {
  return JSON.parse(new TextDecoder().decode(bytes)) as RawIndex;
}

function isFor({ platform }: IndexEntry, wanted: Platform): boolean {
  return platform !== undefined && formatPlatform(platform) === formatPlatform(wanted);
}

/** IronCore's own builder names the variant in the manifest only. */
async function variantsOf(
  existing: FetchedDocument,
  { recipe }: BuiltManifest,
  source: ImageSource,
): Promise<ReadonlyMap<Digest, string>> {
  const variants = new Map<Digest, string>();
  for (const { parsed } of entriesOf(existing)) {
    if (!isFor(parsed, recipe.platform) || variantOf(parsed.annotations) !== undefined) continue;
    const { bytes } = await source.fetchDocument({ kind: 'digest', digest: parsed.digest });
    const { annotations } = parseDocument(parsed.digest, parsed.mediaType, bytes);
    const variant = variantOf(annotations);
    if (variant !== undefined) variants.set(parsed.digest, variant);
  }
  return variants;
}

function documentOf(mediaType: string, value: unknown): FetchedDocument {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return { descriptor: descriptorOf(mediaType, bytes), bytes };
}
