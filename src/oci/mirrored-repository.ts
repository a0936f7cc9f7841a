import { BootlayerError } from '../errors.js';
import type { Descriptor } from './descriptor.js';
import type { FetchedDocument, ImageSource, ManifestName } from './image-source.js';

export type Mirror = {
  readonly source: ImageSource;
  /** It is told how asking it went wrong. */
  readonly failed: (problem: unknown) => void;
  /** It is told when it does not have what the repository has. */
  readonly lacked: () => void;
};

/** `after`: those that failed a moment ago are asked only where nobody else gives anything. */
export type Mirrors = { readonly before: readonly Mirror[]; readonly after: readonly Mirror[] };

/**
 * A repository that others mirror: they are asked first, in their order, and it is asked when none of them gives what is
 * wanted. Whatever comes is verified alike.
 */
export class MirroredRepository implements ImageSource {
  readonly name: string;
  readonly #own: ImageSource;
  readonly #mirrors: () => Mirrors;

  /** `mirrors`: asked anew each time. */
  constructor(own: ImageSource, mirrors: () => Mirrors) {
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

  /** What went wrong with a mirror is the mirror's affair: the repository's own word is what is told. */
  async #first<T>(ask: (place: ImageSource) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const without: Mirror[] = [];
    const { before, after } = this.#mirrors();
    for (const mirror of before) {
      try {
        return await ask(mirror.source);
      } catch (problem) {
        signal?.throwIfAborted();
        mirror.failed(problem);
        if (problem instanceof BootlayerError && problem.code === 'IMAGE_NOT_FOUND') without.push(mirror);
      }
    }
    try {
      const found = await ask(this.#own);
      for (const { lacked } of without) lacked();
      return found;
    } catch (problem) {
      signal?.throwIfAborted();
      // A definite no is taken for one.
      if (problem instanceof BootlayerError && problem.code === 'IMAGE_NOT_FOUND') throw problem;
      return firstThatGives(after, { ask, signal, otherwise: problem });
    }
  }
}

type Asking<T> = {
  readonly ask: (place: ImageSource) => Promise<T>;
  readonly signal: AbortSignal | undefined;
  /** Thrown when nobody gives anything. */
  readonly otherwise: unknown;
};

async function firstThatGives<T>(mirrors: readonly Mirror[], { ask, signal, otherwise }: Asking<T>): Promise<T> {
  for (const { source } of mirrors) {
    try {
      return await ask(source);
    } catch {
      signal?.throwIfAborted();
    }
  }
  throw otherwise;
}
