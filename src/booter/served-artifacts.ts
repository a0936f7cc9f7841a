import { type LocatedArtifact, type ResolutionKey, resolutionName } from '../boot/ports.js';
import { type Fetches, type StartedPart, startedPart } from '../boot/started-part.js';
import { CONTENTS_ROLES, contentsOf, isDoubtful } from '../image/contents.js';
import type { ResolvedImage } from '../image/image.js';
import type { OpenedParts } from '../image/opened-parts.js';
import type { FilePart } from '../image/range-reader.js';
import { type Descriptor, sizedName } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { RecentMap } from '../recent-map.js';

/**
 * The artifacts of the images that assignments lead to now. Only the newest resolution of a reference counts: what an
 * older one led to is served for as long as an issued plan names it.
 */
export class ServedArtifacts {
  readonly #images = new Map<string, { readonly key: ResolutionKey; readonly image: ResolvedImage }>();
  /** Who says what of a digest, the first to name it first: an image may lie about the size of another's layer. */
  #claims: ReadonlyMap<Digest, readonly Claim[]> = new Map();
  /** What of UKIs and ISOs a machine fetches, as their verified bytes say. */
  readonly #opened = new RecentMap<Digest, Fetches>(MOST_OPENED);
  /** How often what was claimed could not be had; Infinity for what is not so. */
  readonly #failures = new Map<string, number>();

  /** `key` comes from a mapping, so there are never more of them than mappings and architectures. */
  replace(key: ResolutionKey, image: ResolvedImage): void {
    const name = resolutionName(key);
    const before = this.#images.get(name)?.image;
    if (before?.manifestDigest === image.manifestDigest && knows(before) >= knows(image)) return;
    this.#images.set(name, { key, image });
    this.#index();
  }

  /** Forgets what no mapping leads to any more. */
  retain(isMapped: (key: ResolutionKey) => boolean): void {
    for (const [name, { key }] of this.#images) if (!isMapped(key)) this.#images.delete(name);
    this.#index();
  }

  /** As this image says, by the digest of its manifest; undefined when that says nothing of it, or what is not so. */
  findOf(digest: Digest, image: Digest): LocatedArtifact | undefined {
    const own = (this.#claims.get(digest) ?? []).find((claim) => claim.image === image);
    return own === undefined || this.#failuresOf(own.artifact) === REFUTED ? undefined : own.artifact;
  }

  /** As the first of those images says of which it was had, or could not be had least often. */
  find(digest: Digest): LocatedArtifact | undefined {
    const claims = (this.#claims.get(digest) ?? []).map(({ artifact }) => artifact);
    return claims.toSorted((one, other) => this.#failuresOf(one) - this.#failuresOf(other))[0];
  }

  /** A UKI or an ISO was read of its verified bytes: what of it a machine fetches. */
  opened({ kernel, initramfs, extras = [] }: OpenedParts): void {
    this.#opened.set(kernel.descriptor.digest, { start: [kernel, ...initramfs], later: extras });
  }

  isOpened(digest: Digest): boolean {
    return this.#opened.get(digest) !== undefined;
  }

  /** What of an opened layer a machine fetches, by the place where it is; undefined for any other slice. */
  partOf(digest: Digest, part: FilePart): StartedPart | undefined {
    return startedPart(this.#opened.get(digest) ?? { start: [], later: [] }, digest, part);
  }

  /** There are such bytes, and not so many: whoever asks next is to get what another image says. */
  refute(artifact: LocatedArtifact): void {
    this.#failed(artifact, REFUTED);
  }

  /** What it leads to could not be had, for which there may be other reasons. */
  failed(artifact: LocatedArtifact): void {
    this.#failed(artifact, this.#failuresOf(artifact) + 1);
  }

  /** Where nobody says anything else, it is of no use to know. */
  #failed(artifact: LocatedArtifact, failures: number): void {
    const claims = this.#claims.get(artifact.descriptor.digest) ?? [];
    if (claims.some((one) => sizedName(one.artifact.descriptor) !== sizedName(artifact.descriptor)))
      this.#failures.set(sizedName(artifact.descriptor), failures);
  }

  #failuresOf(artifact: LocatedArtifact): number {
    return this.#failures.get(sizedName(artifact.descriptor)) ?? 0;
  }

  /** As what each reference was resolved, for which wish. */
  resolutions(): Iterable<{ readonly key: ResolutionKey; readonly image: ResolvedImage }> {
    return this.#images.values();
  }

  digests(): Iterable<Digest> {
    return this.#claims.keys();
  }

  /** Each once, for each size that is claimed of it. */
  all(): Iterable<LocatedArtifact> {
    const all = [...this.#claims.values()].flat().map(({ artifact }) => artifact);
    return new Map(all.toReversed().map((artifact) => [sizedName(artifact.descriptor), artifact])).values();
  }

  /** Everywhere a mapped image has these bytes. */
  locationsOf({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): readonly string[] {
    const all = (this.#claims.get(digest) ?? []).map(({ artifact }) => artifact);
    return [...new Set(all.filter(({ descriptor }) => descriptor.size === size).map(({ location }) => location))];
  }

  #index(): void {
    const claims = new Map<Digest, Claim[]>();
    for (const { image } of this.#images.values()) {
      for (const artifact of image.artifacts) {
        const { digest } = artifact.descriptor;
        const claim = { image: image.manifestDigest, artifact: { ...artifact, location: image.location } };
        // Thousands of images may share it.
        const known = claims.get(digest);
        if (known === undefined) claims.set(digest, [claim]);
        else known.push(claim);
      }
    }
    this.#claims = claims;
    this.#failures.clear();
  }
}

/** What an image, by the digest of its manifest, says of one of its layers. */
type Claim = { readonly image: Digest; readonly artifact: LocatedArtifact };

/** How much is known of what its layers hold: of each, what can be used counts for more than what cannot, and that for more than nothing. */
function knows({ contents = {} }: ResolvedImage): number {
  const known = CONTENTS_ROLES.flatMap((role) => contentsOf(contents, role) ?? []);
  return known.reduce((sum, one) => sum + (isDoubtful(one) ? 1 : 2), 0);
}

/** A site boots fewer. */
const MOST_OPENED = 2_000;

const REFUTED = Number.POSITIVE_INFINITY;
