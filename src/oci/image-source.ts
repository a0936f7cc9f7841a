import type { Descriptor } from './descriptor.js';
import type { Digest } from './digest.js';

/** A tag, or a digest that pins. */
export type ManifestName =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** An index or manifest as its bytes: the digest is over exactly these. */
export type FetchedDocument = { readonly descriptor: Descriptor; readonly bytes: Uint8Array };

/** A repository in a registry, or an OCI image layout folder: where images come from. */
export interface ImageSource {
  /** `registry/repository` or `oci:<absolute folder>`; also the first half of every reference to it. */
  readonly name: string;
  /**
   * Without a name: the only image a layout has. Verified: bytes asked for by digest have it, and no document is
   * larger than MAX_MANIFEST_BYTES.
   * Throws IMAGE_NOT_FOUND, IMAGE_INVALID, DIGEST_MISMATCH, REGISTRY_UNREACHABLE, REGISTRY_DENIED.
   */
  fetchDocument(name: ManifestName | undefined, signal?: AbortSignal): Promise<FetchedDocument>;
  /** The blob from its byte `from`, else its first one, to its last. Not verified: whoever receives it does that. Same errors. */
  fetchBlob(descriptor: Descriptor, signal?: AbortSignal, from?: number): Promise<AsyncIterable<Uint8Array>>;
  /** A blob that is small enough to be held, whole and verified. Same errors. */
  readBlob(descriptor: Descriptor): Promise<Uint8Array>;
}

/** A place that has an image's content. */
export type Place = {
  readonly source: ImageSource;
  /** It is told how asking it went wrong: one that is down is not to be asked first for a while. */
  readonly failed: (problem: unknown) => void;
};

/** Where images are put: the other direction of the same two kinds. */
export interface ImageTarget {
  readonly name: string;
  hasBlob(descriptor: Descriptor): Promise<boolean>;
  /** Takes a blob over from another place without sending it, where that can be. `from`: the place's name. */
  mountBlob(descriptor: Descriptor, from: string): Promise<boolean>;
  /** `open` may be called again when the first try breaks. Throws DIGEST_MISMATCH when the bytes are not as promised. */
  pushBlob(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void>;
  /** What the document leads to must be there already. A tag moves to it. */
  pushDocument(document: FetchedDocument, tag?: string): Promise<void>;
}

const SIGN_OF_LIFE_BYTES = 1024 * 1024;

/** The same without its first so many bytes; an empty piece for each MiB that is passed over says that there is headway. */
export async function* withoutFirst(count: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = count;
  let silent = 0;
  for await (const piece of pieces) {
    const rest = piece.subarray(left);
    silent += piece.length - rest.length;
    left = Math.max(0, left - piece.length);
    if (rest.length > 0) {
      yield rest;
    } else if (silent >= SIGN_OF_LIFE_BYTES) {
      silent = 0;
      yield rest;
    }
  }
}

/** The same, telling before each piece but the first how many bytes were taken; ends between two pieces with the signal's reason. */
export async function* countedContent(
  content: AsyncIterable<Uint8Array>,
  progress: (taken: number) => void,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  let taken = 0;
  for await (const piece of content) {
    signal?.throwIfAborted();
    yield piece;
    taken += piece.byteLength;
    progress(taken);
  }
}

/** Bytes that are at hand, as `pushBlob` takes them. */
export async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
