import { judgeClients } from '../boot/judged-clients.js';
import { BootlayerError } from '../errors.js';
import { fewOf } from '../format.js';
import { artifactsOf } from '../image/artifacts.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import { pickVariant, selectManifest, variantOf } from '../image/select-manifest.js';
import type { Digest } from '../oci/digest.js';
import type { ImageSource } from '../oci/image-source.js';
import type { Annotations, Index, IndexEntry, Manifest } from '../oci/manifest.js';
import type { Platform } from '../oci/platform.js';
import { formatReference, type ImageReference, manifestNameOf } from '../oci/reference.js';
import { DocumentReader, type FetchDocument, type ReadDocument } from './document-reader.js';

/** An index within an index within an index is nobody's image. */
const MAX_DEPTH = 3;
/** How many manifests are read to find a variant that the index does not name. */
const MAX_ASKED = 16;

type Found = { readonly digest: Digest; readonly manifest: Manifest; readonly platform: Platform | undefined };

/**
 * What a reference means for one architecture, read from its source, every document verified. Throws what the source
 * throws, IMAGE_INVALID, IMAGE_NO_PLATFORM.
 */
export class Resolver {
  readonly #reader: DocumentReader;
  readonly #location: string;
  readonly #reference: ImageReference;
  readonly #what: string;
  readonly #wish: ImageWish;

  constructor(source: ImageSource, fetch: FetchDocument, reference: ImageReference, wish: ImageWish) {
    this.#what = formatReference(reference);
    this.#reader = new DocumentReader(this.#what, source, fetch);
    this.#location = source.name;
    this.#reference = reference;
    this.#wish = wish;
  }

  async resolve(): Promise<ResolvedImage> {
    const top = await this.#reader.top(manifestNameOf(this.#reference));
    const { digest, manifest, platform } = await this.#find(top, undefined, 1);
    const artifacts = artifactsOf(manifest);
    const variant = variantOf(manifest.annotations);
    return {
      reference: this.#what,
      location: this.#location,
      digest: top.descriptor.digest,
      manifestDigest: digest,
      platform: platform ?? { os: this.#wish.os, architecture: this.#wish.architecture },
      ...(variant !== undefined && { variant }),
      ...(this.#wish.isoFiles !== undefined && { isoFiles: this.#wish.isoFiles }),
      artifacts,
      commandLine: await this.#reader.commandLine(manifest, artifacts),
    };
  }

  async #find(read: ReadDocument, platform: Platform | undefined, depth: number): Promise<Found> {
    const { document, descriptor } = read;
    if (document.kind === 'index') return this.#findInIndex(document, depth);
    if (platform === undefined) await this.#refuseOtherArchitecture(document);
    return { digest: descriptor.digest, manifest: document, platform };
  }

  async #findInIndex(index: Index, depth: number): Promise<Found> {
    const choice = selectManifest(index, this.#wish);
    switch (choice.kind) {
      case 'chosen':
        return this.#follow(choice.entry, depth);
      case 'ask':
        return this.#ask(choice.entries, depth);
      case 'nested':
        return this.#findNested(choice.entries, depth);
      case 'none':
        throw this.#noPlatform(choice.available);
    }
  }

  async #follow(entry: IndexEntry, depth: number): Promise<Found> {
    if (depth >= MAX_DEPTH) {
      throw new BootlayerError('IMAGE_INVALID', `${this.#what}: its indexes are nested deeper than ${MAX_DEPTH - 1}`);
    }
    return this.#find(await this.#reader.entry(entry), entry.platform, depth + 1);
  }

  /** The index does not say which entry is for metal: their manifests do. */
  async #ask(entries: readonly IndexEntry[], depth: number): Promise<Found> {
    const candidates: (Found & { readonly annotations: Annotations; readonly boots: boolean })[] = [];
    for (const entry of entries.slice(0, MAX_ASKED)) {
      const found = await this.#follow(entry, depth);
      const { annotations } = found.manifest;
      const artifacts = artifactsOf(found.manifest);
      const boots = judgeClients({ artifacts }, this.#wish.architecture).clients.length > 0;
      candidates.push({ ...found, annotations, boots });
    }
    const picked = pickVariant(candidates, this.#wish.variant);
    if (picked === undefined) throw this.#noPlatform([]);
    return picked;
  }

  async #findNested(entries: readonly IndexEntry[], depth: number): Promise<Found> {
    const missing: string[] = [];
    for (const entry of entries.slice(0, MAX_ASKED)) {
      try {
        return await this.#follow(entry, depth);
      } catch (thrown) {
        if (!(thrown instanceof BootlayerError) || thrown.code !== 'IMAGE_NO_PLATFORM') throw thrown;
        missing.push(...(Array.isArray(thrown.details) ? thrown.details.map(String) : []));
      }
    }
    throw this.#noPlatform(missing);
  }

  /** What no index speaks for speaks for itself, in an annotation or its configuration; some say nothing. */
  async #refuseOtherArchitecture(manifest: Manifest): Promise<void> {
    const architecture = await this.#reader.architecture(manifest);
    if (architecture !== undefined && architecture !== this.#wish.architecture) {
      throw this.#noPlatform([`linux/${architecture}`]);
    }
  }

  #noPlatform(available: readonly string[]): BootlayerError {
    const wanted = `${this.#wish.os}/${this.#wish.architecture}`;
    const offer = available.length === 0 ? 'nothing bootable' : namesOf(available);
    return new BootlayerError('IMAGE_NO_PLATFORM', `${this.#what} has no image for ${wanted}; it has ${offer}`, {
      remedy: 'map another image to this machine, or add the platform with: bootlayer image build --append',
      details: available,
    });
  }
}

const MAX_NAMED = 8;

/** An index may name thousands, each as long as it likes. */
function namesOf(platforms: readonly string[]): string {
  return fewOf(
    [...new Set(platforms)].map((platform) => platform.slice(0, 40)),
    MAX_NAMED,
  );
}
