import type { Digest } from '../oci/digest.js';
import type { BlobSource } from './blob-store.js';

/** `proven`: it alone gave all of a blob, and that was wrong. `suspect`: it was one of those who did. */
type Doubt = 'suspect' | 'proven';

/** `lastResort`: asked only where none of the others brings it further. */
export type AskedInOrder = { readonly sources: readonly BlobSource[]; readonly lastResort: readonly BlobSource[] };

const MAX_DIGESTS = 1_000;

/** Who gave wrong bytes of which blob, until right ones have come. */
export class Doubts {
  readonly #doubts = new Map<Digest, Map<string, Doubt>>();

  /** `names`: who gave bytes of it that together were wrong. */
  blame(digest: Digest, names: readonly string[]): void {
    const known = this.#doubts.get(digest) ?? new Map<string, Doubt>();
    const [oldest] = this.#doubts.keys();
    if (!this.#doubts.has(digest) && this.#doubts.size >= MAX_DIGESTS && oldest !== undefined)
      this.#doubts.delete(oldest);
    this.#doubts.set(digest, known);
    for (const name of names)
      if (names.length === 1 || !known.has(name)) known.set(name, names.length === 1 ? 'proven' : 'suspect');
  }

  /** Right bytes have come. */
  clear(digest: Digest): void {
    this.#doubts.delete(digest);
  }

  inOrder(digest: Digest, all: readonly BlobSource[]): AskedInOrder {
    const doubts = this.#doubts.get(digest);
    if (doubts === undefined) return { sources: all, lastResort: [] };
    const of = (wanted: Doubt | undefined) => all.filter(({ name }) => doubts.get(name) === wanted);
    const trusted = of(undefined);
    // When it may be any of them, the registry itself, which comes last, is asked alone as long as it gives.
    const suspects = trusted.length === 0 ? of('suspect').toReversed() : of('suspect');
    const sources = [...trusted, ...suspects];
    return sources.length === 0 ? { sources: all, lastResort: [] } : { sources, lastResort: of('proven') };
  }
}
