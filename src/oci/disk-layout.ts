import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BootlayerError, systemErrorCode } from '../errors.js';
import type { Descriptor } from './descriptor.js';
import { type Digest, digestOf, hexOf } from './digest.js';
import type { FetchedDocument, ImageSource, ImageTarget, ManifestName } from './image-source.js';
import { type IndexEntry, MAX_MANIFEST_BYTES, mediaTypeOf, parseDocument } from './manifest.js';
import { OCI_INDEX } from './media-type.js';

/** The tag of an entry in index.json (image-spec, annotations.md); some tools write the whole reference there. */
const REF_NAME = 'org.opencontainers.image.ref.name';
const LAYOUT = { imageLayoutVersion: '1.0.0' };
const CHUNK_BYTES = 1024 * 1024;

/** An OCI image layout folder (image-spec, image-layout.md). Paths are only ever made of verified digests. */
export class DiskLayout implements ImageSource, ImageTarget {
  readonly name: string;
  readonly #folder: string;

  /** `folder` is absolute. It need not exist before something is written. */
  constructor(folder: string) {
    this.#folder = folder;
    this.name = `oci:${folder}`;
  }

  async fetchDocument(name?: ManifestName): Promise<FetchedDocument> {
    const digest = name?.kind === 'digest' ? name.digest : (await this.#entry(name?.tag)).digest;
    const what = `${this.name}, manifest ${digest}`;
    const bytes = await this.#readDocument(digest, what);
    if (digestOf(bytes) !== digest) {
      throw new BootlayerError('DIGEST_MISMATCH', `${what}: the file does not have this digest`, {
        remedy: 'the layout is damaged: write it again',
      });
    }
    return { descriptor: { mediaType: mediaTypeOf(what, bytes), digest, size: bytes.byteLength }, bytes };
  }

  async fetchBlob(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const path = this.#path(descriptor.digest);
    try {
      await stat(path);
    } catch (cause) {
      throw this.#notFound(`blob ${descriptor.digest}`, cause);
    }
    return createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(signal !== undefined && { signal }) });
  }

  async hasBlob({ digest, size }: Descriptor): Promise<boolean> {
    try {
      return (await stat(this.#path(digest))).size === size;
    } catch {
      return false;
    }
  }

  async pushBlob(descriptor: Descriptor, content: () => AsyncIterable<Uint8Array>): Promise<void> {
    await this.#writing(async () => {
      await this.#create();
      const path = this.#path(descriptor.digest);
      const temporary = `${path}.${randomBytes(6).toString('hex')}`;
      try {
        await writeVerified(temporary, descriptor, content());
        await rename(temporary, path);
      } catch (thrown) {
        await unlink(temporary).catch(() => undefined);
        throw thrown;
      }
    });
  }

  async pushDocument({ descriptor, bytes }: FetchedDocument, tag?: string): Promise<void> {
    await this.pushBlob(descriptor, () => once(bytes));
    if (tag !== undefined) await this.#writing(() => this.#tag(descriptor, tag));
  }

  async #entry(tag: string | undefined): Promise<IndexEntry> {
    const entries = (await this.#entries()) ?? [];
    const named = tag === undefined ? entries : entries.filter((entry) => isTagged(entry, tag));
    const [only, another] = named;
    if (only !== undefined && another === undefined) return only;
    const tags = entries.map(({ annotations }) => annotations[REF_NAME] ?? '(no tag)').join(', ');
    const why = tag === undefined ? `holds ${entries.length} images` : `has ${named.length} images with the tag ${tag}`;
    throw new BootlayerError('IMAGE_NOT_FOUND', `${this.name} ${why}; its tags: ${tags || 'none'}`, {
      remedy: 'name one of its tags, as in oci:<folder>:<tag>',
    });
  }

  /** undefined where there is no layout yet. */
  async #entries(): Promise<readonly IndexEntry[]> {
    const bytes = await this.#readIndex();
    if (bytes === undefined) throw this.#notFound('layout (no index.json)');
    const document = parseDocument(`${this.name}, index.json`, OCI_INDEX, bytes);
    if (document.kind === 'index') return document.entries;
    throw new BootlayerError('IMAGE_INVALID', `${this.name}, index.json is not an index`);
  }

  async #readIndex(): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.#folder, 'index.json'));
    } catch (thrown) {
      if (systemErrorCode(thrown) === 'ENOENT') return undefined;
      throw this.#notFound('readable index.json', thrown);
    }
  }

  async #readDocument(digest: Digest, what: string): Promise<Uint8Array> {
    try {
      const file = await open(this.#path(digest));
      try {
        const { size } = await file.stat();
        if (size > MAX_MANIFEST_BYTES) throw new BootlayerError('IMAGE_INVALID', `${what}: ${size} bytes is too large`);
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (thrown) {
      if (thrown instanceof BootlayerError) throw thrown;
      throw this.#notFound(`manifest ${digest}`, thrown);
    }
  }

  async #create(): Promise<void> {
    await mkdir(join(this.#folder, 'blobs', 'sha256'), { recursive: true });
    await writeFile(join(this.#folder, 'oci-layout'), JSON.stringify(LAYOUT));
  }

  /** The index as others wrote it, with the tag moved; readers see the old one or the new one. */
  async #tag(descriptor: Descriptor, tag: string): Promise<void> {
    const bytes = await this.#readIndex();
    const index = bytes === undefined ? {} : (JSON.parse(new TextDecoder().decode(bytes)) as { manifests?: unknown });
    const old = Array.isArray(index.manifests) ? (index.manifests as RawEntry[]) : [];
    const kept = old.filter(({ annotations }) => annotations?.[REF_NAME] !== tag);
    const manifests = [...kept, { ...descriptor, annotations: { [REF_NAME]: tag } }];
    const path = join(this.#folder, 'index.json');
    const temporary = `${path}.${randomBytes(6).toString('hex')}`;
    await writeFile(temporary, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, ...index, manifests }), {
      flush: true,
    });
    await rename(temporary, path);
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      if (cause instanceof BootlayerError) throw cause;
      const code = systemErrorCode(cause) ?? String(cause);
      const kind = code === 'ENOSPC' || code === 'EDQUOT' ? 'DISK_FULL' : 'DATA_UNUSABLE';
      throw new BootlayerError(kind, `${this.name} cannot be written (${code})`, {
        remedy: 'name a folder on a disk with room that this user may write to',
        cause,
      });
    }
  }

  #path(digest: Digest): string {
    return join(this.#folder, 'blobs', 'sha256', hexOf(digest));
  }

  #notFound(what: string, cause?: unknown): BootlayerError {
    return new BootlayerError('IMAGE_NOT_FOUND', `${this.name} has no ${what}`, {
      remedy: 'name the folder of an OCI image layout, one that holds index.json and blobs/',
      ...(cause !== undefined && { cause }),
    });
  }
}

type RawEntry = { readonly annotations?: Readonly<Record<string, unknown>> };

function isTagged({ annotations }: IndexEntry, tag: string): boolean {
  const name = annotations[REF_NAME];
  return name === tag || name?.endsWith(`:${tag}`) === true;
}

async function writeVerified(path: string, expected: Descriptor, content: AsyncIterable<Uint8Array>): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of content) {
      await file.writeFile(chunk);
      hash.update(chunk);
      size += chunk.byteLength;
    }
    const digest = `sha256:${hash.digest('hex')}`;
    if (size !== expected.size || digest !== expected.digest) {
      throw new BootlayerError(
        'DIGEST_MISMATCH',
        `${dirname(path)}: ${expected.digest} was promised, ${digest} received`,
        {
          remedy: 'a file changed while it was read: build the image again',
        },
      );
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
