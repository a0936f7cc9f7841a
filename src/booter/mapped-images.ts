import { setImmediate } from 'node:timers/promises';
import type { BlobSource } from '../blob/blob-store.js';
import { type LocatedArtifact, type PlanStore, type ResolutionKey, resolutionName } from '../boot/ports.js';
import type { Clock } from '../clock.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { formatReference, type ImageReference } from '../oci/reference.js';
import { type MappedWish, mappedWishes, openAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';
import { ANY_ARCHITECTURE, wishFor } from './preparation.js';
import { RENEWAL_MILLISECONDS } from './renewals.js';
import { ServedArtifacts } from './served-artifacts.js';

/** What a reference means now; `catalog/` is it. */
export interface Images {
  resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage>;
  /** Go's names; none where it names none. */
  architecturesOf(reference: ImageReference): Promise<readonly string[]>;
  /** For how many seconds the source has been asked, when it is being asked. */
  askedFor(reference: ImageReference, wish: ImageWish): number | undefined;
  sourcesOf(locations: readonly string[]): readonly BlobSource[];
}

export type MappedImagesParts = {
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly images: Images;
  readonly plans: PlanStore;
  readonly clock: Pick<Clock, 'now'>;
};

/** Downloads a blob before anybody wants it (`BlobCache.fetchAhead`). */
export type FetchAhead = (
  descriptor: Descriptor,
  sources: readonly BlobSource[],
  signal: AbortSignal,
) => Promise<unknown>;

/** What an issued plan names stays served for a day after it was issued last, which may not have been written. */
const PLAN_LIFE_MILLISECONDS = 24 * 60 * 60 * 1000 + RENEWAL_MILLISECONDS;

/** What the mapping and the issued plans lead to: nothing else is ever served, and all of it stays. */
export class MappedImages {
  readonly #parts: MappedImagesParts;
  readonly #served = new ServedArtifacts();
  /** Of what the mapping leads to, what could not be resolved; undefined until all was asked for once. */
  #unresolved: readonly string[] | undefined;

  constructor(parts: MappedImagesParts) {
    this.#parts = parts;
  }

  /** The mapping has changed. What issued plans name stays served. */
  remapped(): void {
    this.#unresolved = undefined;
    this.#served.retain((reference) => this.#parts.mapping().references.has(reference));
  }

  /** Throws what the source throws. */
  async resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage> {
    const image = await this.#parts.images.resolve(reference, wish);
    const key: ResolutionKey = { reference: formatReference(reference), wish };
    // The mapping may have changed while the source was asked.
    if (this.#parts.mapping().references.has(key.reference)) this.#served.replace(key, image);
    return image;
  }

  /**
   * Resolves all that the mapping leads to, so that the first machine finds it resolved. Answers the references that could
   * not be, each told as an event by the catalog; a machine that needs it tries again.
   */
  async resolveAll(signal: AbortSignal): Promise<readonly string[]> {
    const mapping = this.#parts.mapping();
    const asked = new Set<string>();
    const unresolved = new Set<string>();
    let again = 0;
    for await (const { reference, wish } of this.#wishes(mapping, (failed) =>
      unresolved.add(formatReference(failed)),
    )) {
      if (signal.aborted) break;
      const text = formatReference(reference);
      const name = resolutionName({ reference: text, wish });
      if (asked.has(name)) {
        again += 1;
        // Ten thousand machines may share an image: packets are not to wait while they are gone through.
        if (again % 100 === 0) await setImmediate();
        continue;
      }
      asked.add(name);
      await this.resolve(reference, wish).catch(() => unresolved.add(text));
    }
    if (mapping === this.#parts.mapping() && !signal.aborted) this.#unresolved = [...unresolved];
    return [...unresolved];
  }

  /** Where nothing says for which architecture machines come, for all that the image has. */
  async *#wishes(
    mapping: Mapping,
    failed: (reference: ImageReference) => void,
  ): AsyncGenerator<Pick<MappedWish, 'reference' | 'wish'>> {
    yield* mappedWishes(mapping);
    const held = new Map<string, readonly string[]>();
    for (const assignment of await openAssignments(mapping)) {
      const { image: reference } = assignment;
      const text = formatReference(reference);
      const architectures = held.get(text) ?? (await this.#architecturesOf(reference, failed));
      held.set(text, architectures);
      for (const architecture of architectures) yield { reference, wish: wishFor(assignment, architecture) };
    }
  }

  async #architecturesOf(
    reference: ImageReference,
    failed: (reference: ImageReference) => void,
  ): Promise<readonly string[]> {
    try {
      const held = await this.#parts.images.architecturesOf(reference);
      return held.length > 0 ? held : [ANY_ARCHITECTURE];
    } catch {
      failed(reference);
      return [];
    }
  }

  /** What could not be resolved when all was asked for last; undefined while that is not done. */
  unresolved(): readonly string[] | undefined {
    return this.#unresolved;
  }

  /** Has the blobs that machines may ask for downloaded, the small ones first: kernels before root file systems. */
  async fetchAllAhead(fetchAhead: FetchAhead, signal: AbortSignal): Promise<void> {
    const all = [...this.#served.all()].sort((one, other) => one.descriptor.size - other.descriptor.size);
    await Promise.all(
      all.map(({ descriptor, location }) =>
        fetchAhead(descriptor, this.sourcesOf(descriptor.digest, location), signal),
      ),
    );
  }

  /** The artifact that an assignment or an issued plan leads to. */
  async find(digest: Digest): Promise<LocatedArtifact | undefined> {
    return this.#served.find(digest) ?? (await this.#parts.plans.findPlannedArtifact(digest, this.#plansSince()));
  }

  /** Its own location, then every other that a mapped image has the same bytes from. */
  sourcesOf(digest: Digest, location: string): readonly BlobSource[] {
    const others = this.#served.locationsOf(digest).filter((one) => one !== location);
    return this.#parts.images.sourcesOf([location, ...others]);
  }

  /**
   * What must stay in the cache: what mappings lead to, and what plans that were issued name. undefined while the mapping is
   * not resolved yet.
   */
  async pinnedDigests(): Promise<ReadonlySet<Digest> | undefined> {
    if (this.#unresolved === undefined) return undefined;
    const planned = await this.#parts.plans.plannedDigests(this.#plansSince());
    return new Set([...this.#served.digests(), ...planned]);
  }

  /** Forgets plans that are over. */
  async prunePlans(): Promise<number> {
    return this.#parts.plans.prunePlans(this.#plansSince());
  }

  #plansSince(): number {
    return this.#parts.clock.now() - PLAN_LIFE_MILLISECONDS;
  }
}
