import type { Descriptor } from './descriptor.js';
import type { FetchedDocument, ImageSource, ImageTarget, ManifestName, Place } from './image-source.js';

/**
 * A repository that others mirror: they are asked first, in their order, and it is asked when none of them gives what is
 * wanted. Whatever comes is verified alike. Images are put to the repository itself.
 */
export class MirroredRepository implements ImageSource, ImageTarget {
  readonly name: string;
  readonly #own: ImageSource & ImageTarget;
  readonly #mirrors: () => readonly Place[];

  /** `mirrors`: asked anew each time. */
  constructor(own: ImageSource & ImageTarget, mirrors: () => readonly Place[]) {
    this.name = own.name;
    this.#own = own;
    this.#mirrors = mirrors;
  }

  fetchDocument(name: ManifestName | undefined, signal?: AbortSignal): Promise<FetchedDocument> {
    return this.#first((place) => place.fetchDocument(name, signal), signal);
  }

  fetchBlob(descriptor: Descriptor, signal?: AbortSignal, from?: number): Promise<AsyncIterable<Uint8Array>> {
    return this.#first((place) => place.fetchBlob(descriptor, signal, from), signal);
  }

  readBlob(descriptor: Descriptor): Promise<Uint8Array> {
    return this.#first((place) => place.readBlob(descriptor));
  }

  hasBlob(descriptor: Descriptor): Promise<boolean> {
    return this.#own.hasBlob(descriptor);
  }

  mountBlob(descriptor: Descriptor, from: string): Promise<boolean> {
    return this.#own.mountBlob(descriptor, from);
  }

  pushBlob(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    return this.#own.pushBlob(descriptor, open);
  }

  pushDocument(document: FetchedDocument, tag?: string): Promise<void> {
    return this.#own.pushDocument(document, tag);
  }

  /** What went wrong with a mirror is the mirror's affair: the repository's own word is what is told. */
  async #first<T>(ask: (place: ImageSource) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (const { source, failed } of this.#mirrors()) {
      try {
        return await ask(source);
      } catch (problem) {
        signal?.throwIfAborted();
        failed(problem);
      }
    }
    return ask(this.#own);
  }
}
