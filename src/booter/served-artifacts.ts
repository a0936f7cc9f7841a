import { type LocatedArtifact, type ResolutionKey, resolutionName } from '../boot/ports.js';
import type { ResolvedImage } from '../image/image.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';

/**
 * The artifacts of the images that assignments lead to now. Only the newest resolution of a reference counts: what an
 * older one led to is served for as long as an issued plan names it.
 */
export class ServedArtifacts {
  readonly #images = new Map<string, { readonly key: ResolutionKey; readonly image: ResolvedImage }>();
  /** Who says what of a digest, the first to name it first: an image may lie about the size of another's layer. */
  #claims: ReadonlyMap<Digest, readonly LocatedArtifact[]> = new Map();
  readonly #refuted = new Set<string>();

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

  /** As the image at `location` says, when it says anything of it; else as one says that was not found to lie. */
  find(digest: Digest, location?: string): LocatedArtifact | undefined {
    const claims = this.#claims.get(digest) ?? [];
    const own = claims.find((claim) => claim.location === location);
    return own ?? claims.find((claim) => !this.#refuted.has(nameOf(claim))) ?? claims[0];
  }

  /** There are no such bytes: whoever asks next is to get what another image says. */
  refute(claim: LocatedArtifact): void {
    const isDisputed = (this.#claims.get(claim.descriptor.digest) ?? []).some((one) => nameOf(one) !== nameOf(claim));
    if (isDisputed) this.#refuted.add(nameOf(claim));
  }

  digests(): Iterable<Digest> {
    return this.#claims.keys();
  }

  /** Each once, for each size that is claimed of it. */
  all(): Iterable<LocatedArtifact> {
    const all = [...this.#claims.values()].flat();
    return new Map(all.toReversed().map((claim) => [nameOf(claim), claim])).values();
  }

  /** Everywhere a mapped image has these bytes. */
  locationsOf({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): readonly string[] {
    const claims = this.#claims.get(digest) ?? [];
    return [...new Set(claims.filter(({ descriptor }) => descriptor.size === size).map(({ location }) => location))];
  }

  #index(): void {
    const claims = new Map<Digest, LocatedArtifact[]>();
    for (const { image } of this.#images.values()) {
      for (const artifact of image.artifacts) {
        const { digest } = artifact.descriptor;
        claims.set(digest, [...(claims.get(digest) ?? []), { ...artifact, location: image.location }]);
      }
    }
    this.#claims = claims;
    this.#refuted.clear();
  }
}

function nameOf({ descriptor: { digest, size } }: LocatedArtifact): string {
  return `${digest} ${size}`;
}
