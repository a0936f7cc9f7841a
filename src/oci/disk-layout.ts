import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, openFile, readFileBounded, syncFolder } from '../disk-access.js';
import { BootlayerError, isDiskFull, systemErrorCode } from '../errors.js';
import { type Descriptor, mismatch, verifyBytes } from './descriptor.js';
import { type Digest, digestOf, hexOf } from './digest.js';
import { withLockFile } from './disk-lock.js';
import { type FetchedDocument, type ImageSource, type ImageTarget, type ManifestName, once } from './image-source.js';
import { type IndexEntry, MAX_MANIFEST_BYTES, mediaTypeOf, parseDocument } from './manifest.js';
import { OCI_INDEX } from './media-type.js';
import { verifiedContent } from './verified-content.js';

/** The tag of an entry in index.json (image-spec, annotations.md); some tools write the whole reference there. */
const REF_NAME = 'org.opencontainers.image.ref.name';
const LAYOUT_VERSION = '1.0.0';
const CHUNK_BYTES = 1024 * 1024;
/** Nobody waits so long between two pieces. */
const LEFTOVER_MILLISECONDS = 10 * 60_000;
const DAMAGED = 'the layout is damaged: write it again';

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
      throw mismatch(what, 'the file does not have this digest', DAMAGED);
    }
    return { descriptor: { mediaType: mediaTypeOf(what, bytes), digest, size: bytes.byteLength }, bytes };
  }

  async fetchBlob(descriptor: Descriptor, signal?: AbortSignal, from = 0): Promise<AsyncIterable<Uint8Array>> {
    const what = `blob ${descriptor.digest}`;
    const path = this.#path(descriptor.digest);
    let size: number;
    try {
      ({ size } = await stat(path));
    } catch (cause) {
      throw this.#notFound({ kind: 'content', what }, cause);
    }
    if (size !== descriptor.size) {
      const why = `${descriptor.size} bytes were promised, the file has ${size}`;
      throw mismatch(`${this.name}, ${what}`, why, DAMAGED);
    }
    return this.#pieces(path, what, { from, signal });
  }

  async readBlob(descriptor: Descriptor): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of await this.fetchBlob(descriptor)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    verifyBytes(`${this.name}, blob ${descriptor.digest}`, descriptor, bytes, DAMAGED);
    return bytes;
  }

  /** Reads it: what is damaged is not there, and so is written anew. */
  async hasBlob(descriptor: Descriptor): Promise<boolean> {
    try {
      const content = await this.fetchBlob(descriptor);
      for await (const _piece of verifiedContent(this.name, descriptor, content));
      return true;
    } catch {
      return false;
    }
  }

  async mountBlob(): Promise<boolean> {
    return false;
  }

  async pushBlob(descriptor: Descriptor, content: () => AsyncIterable<Uint8Array>): Promise<void> {
    await this.#writing(async () => {
      await this.#create();
      const path = this.#path(descriptor.digest);
      const temporary = `${path}.${randomBytes(6).toString('hex')}`;
      await this.#removeLeftovers(hexOf(descriptor.digest));
      try {
        await writeAll(temporary, verifiedContent(`${this.name}, blob ${descriptor.digest}`, descriptor, content()));
        await rename(temporary, path);
        await syncFolder(dirname(path));
      } catch (thrown) {
        await unlink(temporary).catch(() => undefined);
        throw thrown;
      }
    });
  }

  async pushDocument({ descriptor, bytes }: FetchedDocument, tag?: string): Promise<void> {
    await this.pushBlob(descriptor, () => once(bytes));
    if (tag === undefined) return;
    const path = join(this.#folder, 'index.json');
    await this.#writing(() => withLockFile(`${path}.lock`, () => this.#tag(descriptor, tag, path)));
  }

  async #entry(tag: string | undefined): Promise<IndexEntry> {
    const entries = await this.#entries();
    const named = distinct(tag === undefined ? entries : entriesTagged(entries, tag));
    const [only, another] = named;
    if (only !== undefined && another === undefined) return only;
    const tags = entries.map(({ annotations }) => annotations[REF_NAME] ?? '(no tag)').join(', ');
    const why =
      tag === undefined
        ? `holds ${named.length} images`
        : `has ${named.length === 0 ? 'no image' : `${named.length} images`} with the tag ${tag}`;
    throw new BootlayerError('IMAGE_NOT_FOUND', `${this.name} ${why}; its tags: ${tags || 'none'}`, {
      remedy: 'name one of its tags, as in oci:<folder>:<tag>',
    });
  }

  async #entries(): Promise<readonly IndexEntry[]> {
    const bytes = await this.#readFile('index.json');
    if (bytes === undefined) throw this.#notFound({ kind: 'layout', what: 'layout (no index.json)' });
    await this.#checkVersion();
    const document = parseDocument(`${this.name}, index.json`, OCI_INDEX, bytes);
    if (document.kind === 'index') return document.entries;
    throw new BootlayerError('IMAGE_INVALID', `${this.name}, index.json is not an index`);
  }

  /** The file that makes a folder a layout (image-layout.md, "oci-layout file"). */
  async #checkVersion(): Promise<void> {
    const bytes = await this.#readFile('oci-layout');
    if (bytes === undefined) throw this.#notFound({ kind: 'layout', what: 'file oci-layout' });
    const version = layoutVersion(bytes);
    if (version === LAYOUT_VERSION) return;
    throw new BootlayerError('IMAGE_INVALID', `${this.name}, oci-layout: it is not of version ${LAYOUT_VERSION}`, {
      remedy: `write the layout with a tool that writes version ${LAYOUT_VERSION}`,
    });
  }

  /** undefined where there is no such file. Throws IMAGE_INVALID when it is too large. */
  async #readFile(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readBounded(join(this.#folder, path), `${this.name}, ${path}`);
    } catch (thrown) {
      if (systemErrorCode(thrown) === 'ENOENT') return undefined;
      if (thrown instanceof BootlayerError) throw thrown;
      throw this.#notFound({ kind: 'layout', what: `readable ${path}` }, thrown);
    }
  }

  async #readDocument(digest: Digest, what: string): Promise<Uint8Array> {
    try {
      return await readBounded(this.#path(digest), what);
    } catch (thrown) {
      if (thrown instanceof BootlayerError) throw thrown;
      throw this.#notFound({ kind: 'content', what: `manifest ${digest}` }, thrown);
    }
  }

  /** Opens the file when the first piece is asked for, so that nothing is left open by who asks for none. */
  async *#pieces(
    path: string,
    what: string,
    { from, signal }: { readonly from: number; readonly signal: AbortSignal | undefined },
  ): AsyncGenerator<Uint8Array, void> {
    let file: FileHandle | undefined;
    try {
      file = await openFile(path);
      for (let position = from; ; ) {
        signal?.throwIfAborted();
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (thrown) {
      if (systemErrorCode(thrown) === undefined || signal?.aborted === true) throw thrown;
      throw this.#notFound({ kind: 'content', what: `readable ${what}` }, thrown);
    } finally {
      await file?.close();
    }
  }

  async #create(): Promise<void> {
    await makeFolder(join(this.#folder, 'blobs', 'sha256'));
    const path = join(this.#folder, 'oci-layout');
    await writeFile(path, JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }), { flag: 'wx' }).catch(unlessThere);
  }

  /** What a write of the same blob left that was killed. */
  async #removeLeftovers(hex: string): Promise<void> {
    const folder = join(this.#folder, 'blobs', 'sha256');
    const leftover = new RegExp(`^${hex}\\.[0-9a-f]{12}$`);
    for (const name of (await readdir(folder)).filter((one) => leftover.test(one))) {
      // Another writer's may be gone meanwhile.
      const found = await stat(join(folder, name)).catch(() => undefined);
      const isLeft = found !== undefined && found.mtimeMs < Date.now() - LEFTOVER_MILLISECONDS;
      if (isLeft) await unlink(join(folder, name)).catch(() => undefined);
    }
  }

  /** The index as others wrote it, with the tag moved; readers see the old one or the new one. */
  async #tag(descriptor: Descriptor, tag: string, path: string): Promise<void> {
    const bytes = await this.#readFile('index.json');
    const index = bytes === undefined ? {} : this.#rawIndex(bytes);
    const kept = (index.manifests ?? []).filter(({ annotations }) => annotations?.[REF_NAME] !== tag);
    const manifests = [...kept, { ...descriptor, annotations: { [REF_NAME]: tag } }];
    const temporary = `${path}.${randomBytes(6).toString('hex')}`;
    const contents = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, ...index, manifests });
    try {
      await writeFile(temporary, contents, { flush: true });
      await rename(temporary, path);
      await syncFolder(this.#folder);
    } catch (thrown) {
      await unlink(temporary).catch(() => undefined);
      throw thrown;
    }
  }

  /** What we do not know in it stays; what is no index is not written over. */
  #rawIndex(bytes: Uint8Array): { readonly manifests?: readonly RawEntry[] } {
    parseDocument(`${this.name}, index.json`, OCI_INDEX, bytes);
    return JSON.parse(new TextDecoder().decode(bytes)) as { readonly manifests?: readonly RawEntry[] };
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      if (cause instanceof BootlayerError) throw cause;
      const code = systemErrorCode(cause) ?? String(cause);
      const kind = isDiskFull(cause) ? 'DISK_FULL' : 'DATA_UNUSABLE';
      throw new BootlayerError(kind, `${this.name} cannot be written (${code})`, {
        remedy: 'name a folder on a disk with room that this user may write to',
        cause,
      });
    }
  }

  #path(digest: Digest): string {
    return join(this.#folder, 'blobs', 'sha256', hexOf(digest));
  }

  /** What is not there is a definite no; a disk in trouble says nothing of the image. */
  #notFound(part: Part, cause?: unknown): BootlayerError {
    const errno = systemErrorCode(cause);
    if (errno !== undefined && errno !== 'ENOENT' && errno !== 'ENOTDIR') {
      return new BootlayerError('DATA_UNUSABLE', `${this.name} cannot be read for its ${part.what} (${errno})`, {
        remedy: 'see that this user may read the folder and that its disk is well',
        cause,
      });
    }
    return new BootlayerError('IMAGE_NOT_FOUND', `${this.name} has no ${part.what}`, {
      remedy: REMEDIES[part.kind],
      ...(cause !== undefined && { cause }),
    });
  }
}

/** What of a layout was looked for. */
type Part = { readonly kind: 'content' | 'layout'; readonly what: string };

const REMEDIES: Readonly<Record<Part['kind'], string>> = {
  content: 'check the digest, or write the image to the layout again',
  layout: 'name the folder of an OCI image layout, one that holds oci-layout, index.json and blobs/',
};

type RawEntry = { readonly annotations?: Readonly<Record<string, unknown>> };

/** By the tag itself; where none has it, by a whole reference that ends in it. */
function entriesTagged(entries: readonly IndexEntry[], tag: string): readonly IndexEntry[] {
  const exactly = entries.filter(({ annotations }) => annotations[REF_NAME] === tag);
  if (exactly.length > 0) return exactly;
  return entries.filter(({ annotations }) => annotations[REF_NAME]?.endsWith(`:${tag}`) === true);
}

/** An image may have several tags, each an entry of its own. */
function distinct(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
}

function layoutVersion(bytes: Uint8Array): unknown {
  try {
    const layout = JSON.parse(new TextDecoder().decode(bytes)) as { imageLayoutVersion?: unknown } | null;
    return layout?.imageLayoutVersion;
  } catch {
    return undefined;
  }
}

function unlessThere(problem: unknown): void {
  if (systemErrorCode(problem) !== 'EEXIST') throw problem;
}

async function readBounded(path: string, what: string): Promise<Uint8Array> {
  const bytes = await readFileBounded(path, MAX_MANIFEST_BYTES);
  if (bytes !== undefined) return bytes;
  throw new BootlayerError('IMAGE_INVALID', `${what}: it is larger than ${MAX_MANIFEST_BYTES} bytes`);
}

async function writeAll(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for await (const piece of content) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}
