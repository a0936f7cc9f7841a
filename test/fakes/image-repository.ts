import { BootlayerError } from '../../src/errors.js';
import { type Descriptor, descriptorOf, verifyBytes } from '../../src/oci/descriptor.js';
import type { FetchedDocument, ImageSource, ImageTarget, ManifestName } from '../../src/oci/image-source.js';
import type { Annotations } from '../../src/oci/manifest.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.js';

/** A repository in memory that can be told to fail, and counts what it is asked. */
export class FakeRepository implements ImageSource, ImageTarget {
  readonly name = 'registry.lab:5000/os/debian';
  readonly fetched: string[] = [];
  readonly blobs = new Map<string, Uint8Array>();
  /** Every request fails with this while it is set. */
  problem: BootlayerError | undefined;
  readonly #documents = new Map<string, FetchedDocument>();

  /** Stores a document under its digest, and its tag when there is one. */
  addDocument(mediaType: string, value: unknown, tag?: string): Descriptor {
    const bytes = Buffer.from(JSON.stringify(value));
    const document = { descriptor: descriptorOf(mediaType, bytes), bytes };
    this.#documents.set(document.descriptor.digest, document);
    if (tag !== undefined) this.#documents.set(tag, document);
    return document.descriptor;
  }

  addBlob(mediaType: string, contents: string): Descriptor {
    const bytes = Buffer.from(contents);
    const descriptor = descriptorOf(mediaType, bytes);
    this.blobs.set(descriptor.digest, bytes);
    return descriptor;
  }

  /** A manifest with layers of these types and IronCore's configuration. */
  addManifest(
    types: readonly string[],
    { commandLine, annotations = {}, mediaType = OCI_MANIFEST, tag }: ManifestOptions = {},
  ): Descriptor {
    const config = this.addBlob(
      'application/vnd.ironcore.image.config.v1+json',
      JSON.stringify(commandLine === undefined ? {} : { commandLine }),
    );
    const layers = types.map((type) => this.addBlob(type, `${type} ${JSON.stringify(annotations)}`));
    return this.addDocument(mediaType, { schemaVersion: 2, mediaType, config, layers, annotations }, tag);
  }

  addIndex(entries: readonly object[], tag?: string, mediaType = OCI_INDEX): Descriptor {
    return this.addDocument(mediaType, { schemaVersion: 2, mediaType, manifests: entries }, tag);
  }

  async mountBlob(): Promise<boolean> {
    return false;
  }

  async fetchDocument(name?: ManifestName): Promise<FetchedDocument> {
    const wanted = name === undefined ? 'latest' : name.kind === 'tag' ? name.tag : name.digest;
    this.fetched.push(wanted);
    if (this.problem !== undefined) throw this.problem;
    const document = this.#documents.get(wanted);
    if (document === undefined) throw new BootlayerError('IMAGE_NOT_FOUND', `${this.name} has no manifest ${wanted}`);
    return document;
  }

  async fetchBlob({ digest }: Descriptor, _signal?: AbortSignal, from = 0): Promise<AsyncIterable<Uint8Array>> {
    this.fetched.push(digest);
    if (this.problem !== undefined) throw this.problem;
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) throw new BootlayerError('IMAGE_NOT_FOUND', `${this.name} has no blob ${digest}`);
    return inTwoChunks(bytes.subarray(from));
  }

  async readBlob(descriptor: Descriptor): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of await this.fetchBlob(descriptor)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    verifyBytes(`${this.name}, blob ${descriptor.digest}`, descriptor, bytes);
    return bytes;
  }

  async hasBlob({ digest }: Descriptor): Promise<boolean> {
    return this.blobs.has(digest);
  }

  async pushBlob({ digest }: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of open()) chunks.push(chunk);
    this.blobs.set(digest, Buffer.concat(chunks));
  }

  async pushDocument(document: FetchedDocument, tag?: string): Promise<void> {
    this.#documents.set(document.descriptor.digest, document);
    if (tag !== undefined) this.#documents.set(tag, document);
  }
}

type ManifestOptions = {
  readonly commandLine?: string;
  readonly annotations?: Annotations;
  readonly mediaType?: string;
  readonly tag?: string;
};

async function* inTwoChunks(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  const half = Math.ceil(bytes.length / 2);
  yield bytes.subarray(0, half);
  yield bytes.subarray(half);
}
