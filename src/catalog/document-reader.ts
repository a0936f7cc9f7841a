import { BootlayerError } from '../errors.js';
import { normalizeCommandLine } from '../image/command-line.js';
import type { Artifact } from '../image/image.js';
import { type Descriptor, verifyBytes } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { FetchedDocument, ImageSource, ManifestName } from '../oci/image-source.js';
import { type Document, type IndexEntry, type Manifest, parseDocument } from '../oci/manifest.js';
import { normalizeArchitecture } from '../oci/platform.js';

/** Configurations of container images are larger than IronCore's, and never this large. */
const MAX_SMALL_BLOB = 1024 * 1024;
/** Kernels take two thousand; image builders' comments and white space may come on top. */
const MAX_COMMAND_LINE = 16 * 1024;

/** Where documents come from; the catalog keeps those it has seen. */
export type FetchDocument = (name: ManifestName | undefined) => Promise<FetchedDocument>;

/** A document with the digest it goes by. */
export type ReadDocument = { readonly descriptor: Descriptor; readonly document: Document };

/** Reads the documents and small blobs of one image, every one verified. `what` names the image in errors. */
export class DocumentReader {
  readonly #source: ImageSource;
  readonly #fetch: FetchDocument;
  readonly #what: string;

  constructor(what: string, source: ImageSource, fetch: FetchDocument) {
    this.#what = what;
    this.#source = source;
    this.#fetch = fetch;
  }

  /** What a tag or digest names. */
  async top(name: ManifestName | undefined): Promise<ReadDocument> {
    const { descriptor, bytes } = await this.#fetch(name);
    return { descriptor, document: parseDocument(this.#describe(descriptor.digest), descriptor.mediaType, bytes) };
  }

  /** What an index leads to. The index's word on the type counts: registries answer IronCore's with one of their own. */
  async entry(entry: IndexEntry): Promise<ReadDocument> {
    const { bytes } = await this.#fetch({ kind: 'digest', digest: entry.digest });
    verifyBytes(this.#describe(entry.digest), entry, bytes);
    const descriptor = { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
    return { descriptor, document: parseDocument(this.#describe(entry.digest), entry.mediaType, bytes) };
  }

  /** A cmdline layer first, else the configuration's `commandLine` (IronCore's image config). */
  async commandLine(manifest: Manifest, artifacts: readonly Artifact[]): Promise<string> {
    const layer = artifacts.find(({ role }) => role === 'cmdline');
    const written =
      layer !== undefined
        ? text(await this.#blob(layer.descriptor))
        : manifest.config.mediaType.endsWith('json')
          ? (textIn(await this.#blob(manifest.config), 'commandLine') ?? '')
          : '';
    if (written.length <= MAX_COMMAND_LINE) return normalizeCommandLine(written);
    const why = `a command line of ${written.length} characters is not one that a kernel takes`;
    throw new BootlayerError('IMAGE_INVALID', `${this.#what}: ${why}`);
  }

  /**
   * Go's name of what a manifest is for, by its own word: IronCore's annotation, else the configuration's
   * `architecture` (image-spec, config.md); undefined where neither says.
   */
  async architecture(manifest: Manifest): Promise<string | undefined> {
    const { config, annotations } = manifest;
    const inConfig = async () =>
      config.mediaType.endsWith('json') ? textIn(await this.#blob(config), 'architecture') : undefined;
    const own = annotations.architecture ?? (await inConfig());
    return own === undefined || own === '' ? undefined : normalizeArchitecture(own);
  }

  async #blob(descriptor: Descriptor): Promise<Uint8Array> {
    if (descriptor.size > MAX_SMALL_BLOB) {
      const why = `${descriptor.size} bytes is too large for a command line or configuration`;
      throw new BootlayerError('IMAGE_INVALID', `${this.#describe(descriptor.digest)}: ${why}`);
    }
    return this.#source.readBlob(descriptor);
  }

  #describe(digest: Digest): string {
    return `${this.#what} (${digest})`;
  }
}

/** A configuration may be IronCore's, a plain OCI image configuration or `{}`. */
function textIn(config: Uint8Array, field: string): string | undefined {
  try {
    const parsed = JSON.parse(text(config)) as Readonly<Record<string, unknown>> | null;
    const value = parsed?.[field];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
