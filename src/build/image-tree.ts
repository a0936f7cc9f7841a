import { BootlayerError } from '../errors.js';
import { type Descriptor, verifyBytes } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { FetchedDocument, ImageSource, ManifestName } from '../oci/image-source.js';
import { type Document, parseDocument } from '../oci/manifest.js';

/** All that an image consists of, for every platform. */
export type ImageTree = {
  readonly top: FetchedDocument;
  /** Those that others lead to come before those; the top is the last. Each once. */
  readonly documents: readonly FetchedDocument[];
  /** Configurations and layers, in the order in which they are named. Each once, unless it is named with several sizes. */
  readonly blobs: readonly Descriptor[];
};

export type TreeOptions = {
  readonly signal: AbortSignal;
  /** Takes what is wrong with a document below the top, which is left out then; without it, that is thrown. */
  readonly onProblem?: (what: string, problem: unknown) => void;
};

const MAX_DEPTH = 3;
const MAX_DOCUMENTS = 1_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Reads all documents of an image, every one verified. Throws what the source throws, and IMAGE_INVALID. */
export async function readImageTree(
  source: ImageSource,
  name: ManifestName | undefined,
  options: TreeOptions,
): Promise<ImageTree> {
  const top = await source.fetchDocument(name, options.signal);
  const walk = new Walk(source, options);
  await walk.document(top, top.descriptor.mediaType, 1);
  return { top, documents: [...walk.documents.values()], blobs: [...walk.blobs.values()] };
}

class Walk {
  readonly documents = new Map<Digest, FetchedDocument>();
  readonly blobs = new Map<string, Descriptor>();
  readonly #source: ImageSource;
  readonly #options: TreeOptions;
  #count = 0;
  #bytes = 0;

  constructor(source: ImageSource, options: TreeOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** `mediaType`: what it is said to be by what leads to it. */
  async document(fetched: FetchedDocument, mediaType: string, depth: number): Promise<void> {
    const { digest } = fetched.descriptor;
    this.#weigh(fetched.bytes.byteLength);
    const document = parseDocument(this.#describe(digest), mediaType, fetched.bytes);
    if (document.kind === 'manifest') this.#take([document.config, ...document.layers]);
    else await this.#entries(digest, document, depth);
    // After those that it leads to.
    this.documents.set(digest, fetched);
  }

  async #entries(digest: Digest, { entries }: Document & { readonly kind: 'index' }, depth: number): Promise<void> {
    if (depth >= MAX_DEPTH) {
      throw invalid(`${this.#describe(digest)}: its indexes are nested deeper than ${MAX_DEPTH - 1}`);
    }
    for (const entry of entries) {
      try {
        await this.#entry(entry, depth + 1);
      } catch (thrown) {
        this.#options.signal.throwIfAborted();
        const { onProblem } = this.#options;
        if (onProblem === undefined || this.#isTooMuch) throw thrown;
        onProblem(`manifest ${entry.digest}`, thrown);
      }
    }
  }

  async #entry(entry: Descriptor, depth: number): Promise<void> {
    const known = this.documents.get(entry.digest);
    const { digest } = entry;
    const fetched = known ?? (await this.#source.fetchDocument({ kind: 'digest', digest }, this.#options.signal));
    verifyBytes(this.#describe(digest), entry, fetched.bytes);
    if (known === undefined) await this.document(fetched, entry.mediaType, depth);
  }

  #take(blobs: readonly Descriptor[]): void {
    for (const blob of blobs) this.blobs.set(`${blob.digest} ${blob.size}`, blob);
  }

  get #isTooMuch(): boolean {
    return this.#count > MAX_DOCUMENTS || this.#bytes > MAX_BYTES;
  }

  #weigh(bytes: number): void {
    this.#count += 1;
    this.#bytes += bytes;
    if (this.#isTooMuch)
      throw invalid(`${this.#source.name}: an image of more than ${MAX_DOCUMENTS} manifests, or very large ones`);
  }

  #describe(digest: Digest): string {
    return `${this.#source.name}, manifest ${digest}`;
  }
}

function invalid(what: string): BootlayerError {
  return new BootlayerError('IMAGE_INVALID', what, { remedy: 'name one of its manifests by its digest' });
}
