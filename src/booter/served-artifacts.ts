import { type LocatedArtifact, type ResolutionKey, resolutionName } from '../boot/ports.js';
import type { ResolvedImage } from '../image/image.js';
import type { Digest } from '../oci/digest.js';

/**
 * The artifacts of the images that assignments lead to now. Only the newest resolution of a reference counts: what an
 * older one led to is served for as long as an issued plan names it.
 */
export class ServedArtifacts {
  readonly #images = new Map<string, { readonly key: ResolutionKey; readonly image: ResolvedImage }>();
  #byDigest: ReadonlyMap<Digest, LocatedArtifact> = new Map();
  #locations: ReadonlyMap<Digest, readonly string[]> = new Map();

  /** `key` comes from a mapping, so there are never more of them than mappings and architectures. */
  replace(key: ResolutionKey, image: ResolvedImage): void {
    const name = resolutionName(key);
    if (this.#images.get(name)?.image.manifestDigest === image.manifestDigest) return;
    this.#images.set(name, { key, image });
    this.#index();
  }

  /** Forgets what no mapping leads to any more. */
  retain(isMapped: (reference: string) => boolean): void {
    for (const [name, { key }] of this.#images) if (!isMapped(key.reference)) this.#images.delete(name);
    this.#index();
  }

  find(digest: Digest): LocatedArtifact | undefined {
    return this.#byDigest.get(digest);
  }

  digests(): Iterable<Digest> {
    return this.#byDigest.keys();
  }

  all(): Iterable<LocatedArtifact> {
    return this.#byDigest.values();
  }

  /** Everywhere a mapped image has these bytes. */
  locationsOf(digest: Digest): readonly string[] {
    return this.#locations.get(digest) ?? [];
  }

  /** The first to name a digest keeps it: an image that lies about another's layer harms only itself. */
  #index(): void {
    const all = [...this.#images.values()].flatMap(({ image }) => locatedArtifacts(image));
    this.#byDigest = new Map(all.toReversed());
    const locations = new Map<Digest, Set<string>>();
    for (const [digest, { location }] of all) {
      locations.set(digest, (locations.get(digest) ?? new Set<string>()).add(location));
    }
    this.#locations = new Map([...locations].map(([digest, places]) => [digest, [...places]]));
  }
}

function locatedArtifacts(image: ResolvedImage): readonly (readonly [Digest, LocatedArtifact])[] {
  return image.artifacts.map((artifact) => [artifact.descriptor.digest, { ...artifact, location: image.location }]);
}
