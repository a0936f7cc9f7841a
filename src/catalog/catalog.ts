import { isDeepStrictEqual } from 'node:util';
import type { BlobSource } from '../blob/blob-store.js';
import type { EventSink } from '../boot/event.js';
import { type ResolutionKey, type ResolutionStore, resolutionName } from '../boot/ports.js';
import { type Clock, secondsSince } from '../clock.js';
import { BootlayerError, describeError, type ErrorCode } from '../errors.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import type { ManifestName } from '../oci/image-source.js';
import { formatReference, type ImageReference, placeOf } from '../oci/reference.js';
import { Documents } from './documents.js';
import type { ImageSources } from './image-sources.js';
import { architecturesIn, inspectImage } from './inspect.js';
import { CONTENTS_MILLISECONDS, hasContents, KnownContents } from './known-contents.js';
import { Resolver } from './resolver.js';
import { TimedMemory } from './timed-memory.js';

export type CatalogParts = {
  readonly sources: Pick<ImageSources, 'of' | 'blobSourcesAt'>;
  readonly resolutions: ResolutionStore;
  readonly events: EventSink;
  readonly clock: Clock;
};

/** How long a tag's meaning for one architecture is taken for granted: with that of its document, a minute. */
const FRESH_SECONDS = 55;
/** How long a failure is remembered, so that a rack in trouble does not trouble the registry. */
const FAILURE_SECONDS = 5;
/** A registry that takes longer than this is passed over when the last good resolution is known. */
const PATIENCE_MILLISECONDS = 2_500;
const MAX_RESOLUTIONS = 20_000;

/** Failures that say nothing of the image itself: what was good before still is. A definite no is not among them. */
const REGISTRY_IN_TROUBLE: ReadonlySet<ErrorCode> = new Set([
  'REGISTRY_UNREACHABLE',
  'REGISTRY_DENIED',
  'DIGEST_MISMATCH',
  'IMAGE_INVALID',
  'DATA_UNUSABLE',
]);

type Remembered =
  | { readonly kind: 'image'; readonly image: ResolvedImage }
  | { readonly kind: 'failure'; readonly error: BootlayerError };

/** What references mean now: one question to the source however many ask, and the last good answer when it is silent. */
export class Catalog {
  readonly #parts: CatalogParts;
  readonly #memory: TimedMemory<Remembered>;
  readonly #documents: Documents;
  readonly #contents: KnownContents;
  /** Registries; never more of them than mappings name. */
  readonly #inTrouble = new Set<string>();
  readonly #underWay = new Map<string, { readonly image: Promise<ResolvedImage>; readonly since: number }>();

  constructor(parts: CatalogParts) {
    this.#parts = parts;
    this.#memory = new TimedMemory(MAX_RESOLUTIONS, parts.clock);
    this.#documents = new Documents(parts.clock);
    this.#contents = new KnownContents(parts.clock);
  }

  /** Throws REGISTRY_UNREACHABLE, REGISTRY_DENIED, IMAGE_NOT_FOUND, IMAGE_NO_PLATFORM, IMAGE_INVALID, DIGEST_MISMATCH. */
  async resolve(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage> {
    const key: ResolutionKey = { reference: formatReference(reference), wish };
    const name = resolutionName(key);
    const remembered = this.#memory.get(name);
    if (remembered?.kind === 'image') return remembered.image;
    if (remembered?.kind === 'failure') throw remembered.error;
    const running = this.#underWay.get(name)?.image ?? this.#start(name, reference, key);
    return this.#orLastGood(running, reference, key);
  }

  /**
   * For which architectures it holds something under Linux, so far as it says; as it was resolved before, while its source is in
   * trouble. Throws what `resolve` throws.
   */
  async architecturesOf(reference: ImageReference): Promise<readonly string[]> {
    try {
      const asked = this.#inspect(reference);
      const first = await this.#parts.clock.within(PATIENCE_MILLISECONDS, asked);
      if (first.kind === 'done') return first.value;
      const known = await this.lastArchitectures(reference);
      if (known.length === 0) return await asked;
      this.#inTrouble.add(placeOf(reference));
      return known;
    } catch (thrown) {
      return this.#knownArchitectures(reference, BootlayerError.from(thrown));
    }
  }

  async #inspect(reference: ImageReference): Promise<readonly string[]> {
    const source = this.#parts.sources.of(reference);
    const report = await inspectImage(source, reference, (wanted) => this.#documents.fetch(source, wanted));
    this.#inTrouble.delete(placeOf(reference));
    return architecturesIn(report);
  }

  async #knownArchitectures(reference: ImageReference, error: BootlayerError): Promise<readonly string[]> {
    this.#noteTrouble(reference, error);
    const known = REGISTRY_IN_TROUBLE.has(error.code) ? await this.lastArchitectures(reference) : [];
    const told = { reference: formatReference(reference), code: error.code, reason: describeError(error) };
    this.#parts.events({ event: 'image.failed', ...told });
    if (known.length === 0) throw error;
    return known;
  }

  /** As it was resolved last; nobody is asked. */
  lastGood(reference: ImageReference, wish: ImageWish): Promise<ResolvedImage | undefined> {
    return this.#lastGood({ reference: formatReference(reference), wish });
  }

  /** For which architectures it was ever resolved; nobody is asked. */
  async lastArchitectures(reference: ImageReference): Promise<readonly string[]> {
    return this.#parts.resolutions.findArchitectures(formatReference(reference)).catch(() => []);
  }

  /** Whether its source could not be reached, or only too slowly, when it was asked last. */
  isInTrouble(reference: ImageReference): boolean {
    return this.#inTrouble.has(placeOf(reference));
  }

  #noteTrouble(reference: ImageReference, { code }: BootlayerError): void {
    if (code === 'REGISTRY_UNREACHABLE') this.#inTrouble.add(placeOf(reference));
    else this.#inTrouble.delete(placeOf(reference));
  }

  /** For how many seconds the source has been asked, when it is being asked. */
  askedFor(reference: ImageReference, wish: ImageWish): number | undefined {
    const running = this.#underWay.get(resolutionName({ reference: formatReference(reference), wish }));
    return running === undefined ? undefined : secondsSince(running.since, this.#parts.clock.ticks());
  }

  /** Where the blobs of stored locations come from, in the order in which they are to be asked. */
  sourcesOf(locations: readonly string[]): readonly BlobSource[] {
    return locations.flatMap((location) => this.#parts.sources.blobSourcesAt(location));
  }

  close(): void {
    this.#memory.close();
    this.#documents.close();
    this.#contents.close();
  }

  #start(name: string, reference: ImageReference, key: ResolutionKey): Promise<ResolvedImage> {
    const running = this.#ask(name, reference, key).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, { image: running, since: this.#parts.clock.ticks() });
    // Whoever waits sees the failure; nobody may be waiting any more.
    running.catch(() => undefined);
    return running;
  }

  /** A silent registry does not keep a machine waiting that has booted this reference before. */
  async #orLastGood(
    running: Promise<ResolvedImage>,
    reference: ImageReference,
    key: ResolutionKey,
  ): Promise<ResolvedImage> {
    const first = await this.#parts.clock.within(PATIENCE_MILLISECONDS, running);
    if (first.kind === 'done') return first.value;
    this.#inTrouble.add(placeOf(reference));
    return (await this.#lastGood(key)) ?? running;
  }

  async #ask(name: string, reference: ImageReference, key: ResolutionKey): Promise<ResolvedImage> {
    const started = this.#parts.clock.ticks();
    const stored = await this.#lastGood(key);
    try {
      if (reference.digest !== undefined && stored !== undefined) {
        const pinned = await this.#completed(reference, key, stored);
        return this.#learned(name, key, pinned, { from: 'pinned', started });
      }
      const source = this.#parts.sources.of(reference);
      const fetch = (wanted: ManifestName | undefined) => this.#documents.fetch(source, wanted);
      const resolved = await new Resolver(source, fetch, reference, key.wish).resolve();
      this.#inTrouble.delete(placeOf(reference));
      const patience = Math.max(0, CONTENTS_MILLISECONDS - (this.#parts.clock.ticks() - started));
      const image = await this.#contents.added(resolved, { source, stored, patience });
      await this.#keep(key, image);
      return this.#learned(name, key, image, { from: 'source', started });
    } catch (thrown) {
      const error = BootlayerError.from(thrown);
      this.#noteTrouble(reference, error);
      return this.#recover(name, key, error, started);
    }
  }

  /** What older versions have stored, or was stored while layers could not be read or used, does not say what they hold. */
  async #completed(reference: ImageReference, key: ResolutionKey, stored: ResolvedImage): Promise<ResolvedImage> {
    if (hasContents(stored)) return stored;
    const source = this.#parts.sources.of(reference);
    const image = await this.#contents.added(stored, { source, stored, patience: CONTENTS_MILLISECONDS });
    if (!isDeepStrictEqual(image.contents, stored.contents)) await this.#keep(key, image);
    return image;
  }

  async #recover(name: string, key: ResolutionKey, error: BootlayerError, started: number): Promise<ResolvedImage> {
    this.#failed(key, error);
    const image = REGISTRY_IN_TROUBLE.has(error.code) ? await this.#lastGood(key) : undefined;
    if (image !== undefined) return this.#learned(name, key, image, { from: 'last-good', started });
    this.#memory.set(name, { kind: 'failure', error }, FAILURE_SECONDS);
    throw error;
  }

  #learned(
    name: string,
    key: ResolutionKey,
    image: ResolvedImage,
    { from, started }: { from: 'source' | 'pinned' | 'last-good'; started: number },
  ): ResolvedImage {
    this.#memory.set(name, { kind: 'image', image }, from === 'last-good' ? FAILURE_SECONDS : FRESH_SECONDS);
    this.#parts.events({
      event: 'image.resolved',
      reference: key.reference,
      architecture: key.wish.architecture,
      digest: image.manifestDigest,
      seconds: secondsSince(started, this.#parts.clock.ticks()),
      from,
    });
    return image;
  }

  /** A full or broken disk must not keep a machine from booting now; it is told of, and the boot goes on. */
  async #keep(key: ResolutionKey, image: ResolvedImage): Promise<void> {
    try {
      await this.#parts.resolutions.saveResolution(key, image, this.#parts.clock.now());
    } catch (thrown) {
      this.#failed(key, BootlayerError.from(thrown), 'it is resolved, but could not be remembered: ');
    }
  }

  async #lastGood(key: ResolutionKey): Promise<ResolvedImage | undefined> {
    try {
      return await this.#parts.resolutions.findResolution(key);
    } catch {
      return undefined;
    }
  }

  #failed({ reference, wish }: ResolutionKey, error: BootlayerError, prefix = ''): void {
    const { architecture } = wish;
    const reason = `${prefix}${describeError(error)}`;
    this.#parts.events({ event: 'image.failed', reference, architecture, code: error.code, reason });
  }
}
