import type { BlobSource } from '../blob/blob-store.js';
import { type LocatedArtifact, type PlanStore, type ResolutionKey, resolutionName } from '../boot/ports.js';
import type { StartedPart } from '../boot/started-part.js';
import type { Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import { type IsoFiles, isoFilesName } from '../image/iso-files.js';
import type { OpenedParts } from '../image/opened-parts.js';
import type { FilePart } from '../image/range-reader.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { formatReference, type ImageReference, placeOf, placeOfLocation } from '../oci/reference.js';
import { type Answer, askInTurn, type Round } from './asking-round.js';
import { type MappedReference, mappedReferences } from './mapped-references.js';
import type { Mapping } from './mapping.js';
import { ANY_ARCHITECTURE, wishFor } from './preparation.js';
import { RENEWAL_MILLISECONDS } from './renewals.js';
import { ServedArtifacts } from './served-artifacts.js';

/** What a reference means now; `catalog/` is it. */
export interface Images {
  resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage>;
  /** Go's names; none where it names none. */
  architecturesOf(reference: ImageReference): Promise<readonly string[]>;
  /** As `resolve` and `architecturesOf` answered last, since whenever; nobody is asked. */
  lastGood(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage | undefined>;
  lastArchitectures(reference: ImageReference): Promise<readonly string[]>;
  /** Whether its source could not be reached, or only too slowly, when it was asked last. */
  isInTrouble(reference: ImageReference): boolean;
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
  /** How each place was asked last for what the mapping in force leads to. */
  readonly #rounds = new Map<string, Round>();
  #references: { readonly mapping: Mapping; readonly found: ReturnType<typeof mappedReferences> } | undefined;

  constructor(parts: MappedImagesParts) {
    this.#parts = parts;
  }

  /** The mapping has changed. What issued plans name stays served. */
  remapped(): void {
    this.#rounds.clear();
    const { references, assignments } = this.#parts.mapping();
    const named = new Set(
      assignments.flatMap(({ image, iso }) => (iso?.files ? isoFilesIn(formatReference(image), iso.files) : [])),
    );
    const isMapped = ({ reference, wish }: ResolutionKey) =>
      references.has(reference) && (wish.isoFiles === undefined || named.has(isoFilesIn(reference, wish.isoFiles)));
    this.#served.retain(isMapped);
  }

  /** Throws what the source throws. */
  async resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage> {
    const image = await this.#parts.images.resolve(reference, wish);
    this.#serve({ reference: formatReference(reference), wish }, image);
    return image;
  }

  #serve(key: ResolutionKey, image: ResolvedImage): void {
    // The mapping may have changed while the source was asked.
    if (this.#parts.mapping().references.has(key.reference)) this.#served.replace(key, image);
  }

  /** Who is asked for the images that the mapping leads to. */
  places(): readonly string[] {
    const { assignments, wishes } = this.#parts.mapping();
    return [...new Set([...assignments, ...wishes].map(({ image }) => placeOf(image)))];
  }

  /** All places at once. Answers the references that could not be resolved. */
  async resolveAll(signal: AbortSignal): Promise<readonly string[]> {
    const rounds = await Promise.all(this.places().map((place) => this.resolvePlace(place, signal)));
    return rounds.flatMap(({ missing }) => missing);
  }

  /**
   * Resolves all that the mapping leads to at a place, so that the first machine finds it resolved. What fails is told as events
   * by the catalog; a machine that needs it tries again.
   */
  async resolvePlace(place: string, signal: AbortSignal): Promise<Round> {
    const mapping = this.#parts.mapping();
    const wanted = (await this.#referencesOf(mapping)).get(place) ?? [];
    const failedBefore = this.#rounds.get(place)?.failed ?? new Set();
    const ask = (one: MappedReference) => this.#resolveFor(one, signal);
    const round = await askInTurn(wanted, { ask, recall: (one) => this.#recall(one) }, { failedBefore, signal });
    if (mapping === this.#parts.mapping() && !signal.aborted) this.#rounds.set(place, round);
    return round;
  }

  /** Gone through once for a mapping: it may hold a hundred thousand machines. */
  #referencesOf(mapping: Mapping): ReturnType<typeof mappedReferences> {
    if (this.#references?.mapping !== mapping) this.#references = { mapping, found: mappedReferences(mapping) };
    return this.#references.found;
  }

  /** As what everything that is mapped was resolved last, for which wish. */
  resolutions(): ReturnType<ServedArtifacts['resolutions']> {
    return this.#served.resolutions();
  }

  /** Resolves a reference, by its canonical spelling, for all that the mapping asks of it; answers what went wrong. */
  async resolveMapped(text: string, signal: AbortSignal): Promise<readonly BootlayerError[]> {
    const places = await this.#referencesOf(this.#parts.mapping());
    const wanted = [...places.values()].flat().find((one) => one.text === text);
    return wanted === undefined ? [] : this.#problemsOf(wanted, signal);
  }

  async #resolveFor(wanted: MappedReference, signal: AbortSignal): Promise<Answer> {
    const [problem] = await this.#problemsOf(wanted, signal);
    if (problem !== undefined) return problem.code === 'REGISTRY_UNREACHABLE' ? 'unreachable' : 'refused';
    return this.#parts.images.isInTrouble(wanted.reference) ? 'remembered' : 'given';
  }

  async #problemsOf(wanted: MappedReference, signal: AbortSignal): Promise<readonly BootlayerError[]> {
    const problems: BootlayerError[] = [];
    const note = (thrown: unknown): undefined => {
      problems.push(BootlayerError.from(thrown));
    };
    const held = (reference: ImageReference) => this.#parts.images.architecturesOf(reference);
    for (const wish of (await this.#wishesOf(wanted, held).catch(note)) ?? []) {
      if (signal.aborted) break;
      await this.resolve(wanted.reference, wish).catch(note);
    }
    return problems;
  }

  /** What it was last is served and stays in the cache, as if its place had been asked in vain. Whether it is all known. */
  async #recall(wanted: MappedReference): Promise<boolean> {
    const { images } = this.#parts;
    const { reference, text } = wanted;
    let known = true;
    for (const wish of await this.#wishesOf(wanted, (one) => images.lastArchitectures(one))) {
      const image = await images.lastGood(reference, wish);
      if (image === undefined) known = false;
      else this.#serve({ reference: text, wish }, image);
    }
    return known;
  }

  /** Where nothing says for which architecture machines come, for all that the image has, which `heldBy` says. */
  async #wishesOf(
    { reference, text, wishes, open }: MappedReference,
    heldBy: (reference: ImageReference) => Promise<readonly string[]>,
  ): Promise<Iterable<ImageWish>> {
    if (open.length === 0) return wishes;
    const held = await heldBy(reference);
    const architectures = held.length > 0 ? held : [ANY_ARCHITECTURE];
    const all = [...wishes, ...open.flatMap((one) => architectures.map((architecture) => wishFor(one, architecture)))];
    return new Map(all.map((wish) => [resolutionName({ reference: text, wish }), wish])).values();
  }

  /** What could not be resolved when all was asked for last; undefined while that is not done. */
  unresolved(): readonly string[] | undefined {
    const rounds = this.places().map((place) => this.#rounds.get(place));
    return rounds.includes(undefined) ? undefined : rounds.flatMap((round) => round?.missing ?? []);
  }

  /** Has the blobs downloaded that machines may ask for of a place, the small ones first: kernels before root file systems. */
  async fetchAhead(place: string, fetch: FetchAhead, signal: AbortSignal): Promise<void> {
    const all = [...this.#served.all()].filter(({ location }) => placeOfLocation(location) === place);
    all.sort((one, other) => one.descriptor.size - other.descriptor.size);
    await Promise.all(
      all.map(({ descriptor, location }) => fetch(descriptor, this.sourcesOf(descriptor, location), signal)),
    );
  }

  /** The artifact that an assignment or an issued plan leads to; `image`: the manifest that it is wanted of, when that is known. */
  async find(digest: Digest, image?: Digest): Promise<LocatedArtifact | undefined> {
    const known = this.known(digest, image);
    if (known !== undefined) return known;
    // A plan that was issued before the mapping changed says more than what is mapped now.
    const planned = await this.#parts.plans.findPlannedArtifact(digest, this.#plansSince());
    return planned ?? this.#served.find(digest);
  }

  /** The same where the mapping in force leads to it: nobody has to be asked. */
  known(digest: Digest, image?: Digest): LocatedArtifact | undefined {
    return image === undefined ? this.#served.find(digest) : this.#served.findOf(digest, image);
  }

  /** A UKI or an ISO was read of its verified bytes. */
  opened(parts: OpenedParts): void {
    this.#served.opened(parts);
  }

  /**
   * What a slice of a layer is to a machine, where it is something that is started: as verified bytes say, or a plan that was issued
   * before this process began. What a registry says of its images counts for nothing.
   */
  async knownPart(digest: Digest, slice: FilePart): Promise<StartedPart | undefined> {
    if (this.#served.isOpened(digest)) return this.#served.partOf(digest, slice);
    return this.#parts.plans.findPlannedArtifact(digest, this.#plansSince(), slice);
  }

  /** What an image says of it is not so, or, unless it `isRefuted`, could not be had. */
  disappointed(artifact: LocatedArtifact, { isRefuted }: { readonly isRefuted: boolean }): void {
    if (isRefuted) this.#served.refute(artifact);
    else this.#served.failed(artifact);
  }

  /** Its own location, then every other that a mapped image has the same bytes from. */
  sourcesOf(descriptor: Descriptor, location: string): readonly BlobSource[] {
    const others = this.#served.locationsOf(descriptor).filter((one) => one !== location);
    return this.#parts.images.sourcesOf([location, ...others]);
  }

  /**
   * What must stay in the cache: what mappings lead to, and what plans that were issued name. undefined while the mapping is
   * not resolved yet.
   */
  async pinnedDigests(): Promise<ReadonlySet<Digest> | undefined> {
    if (this.unresolved() === undefined) return undefined;
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

/** Files of an ISO, and of whose it is. */
function isoFilesIn(reference: string, isoFiles: IsoFiles): string {
  return `${reference} ${isoFilesName(isoFiles)}`;
}
