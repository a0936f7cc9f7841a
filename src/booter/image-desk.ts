import type { ResolutionKey } from '../boot/ports.js';
import { BootlayerError, type ErrorCode, publicMessage } from '../errors.js';
import type { Artifact, ResolvedImage } from '../image/image.js';
import { formatPlatform } from '../oci/platform.js';
import { formatReference, parseReference, withDefaultRegistry } from '../oci/reference.js';
import type { FetchAhead, MappedImages } from './mapped-images.js';
import type { Mapping } from './mapping.js';

export type ImageDeskParts = {
  /** The one in force. */
  readonly mapping: () => Mapping;
  readonly mapped: Pick<MappedImages, 'resolutions' | 'resolveMapped' | 'sourcesOf'>;
  readonly fetchAhead: FetchAhead;
  /** For references that name none, of the configuration in force. */
  readonly defaultRegistry: () => string | undefined;
};

/** What a mapped reference means for one kind of machine. */
export type Resolution = {
  readonly architecture: string;
  /** What was asked for; the image may have another, or none. */
  readonly variant: string;
  readonly platform: string;
  /** Of what the reference names, and of the manifest in it. */
  readonly digest: string;
  readonly manifestDigest: string;
  readonly artifacts: readonly { readonly role: string; readonly digest: string; readonly size: number }[];
};

/** An image that assignments name. */
export type MappedImage = {
  readonly reference: string;
  /** Some of the assignments that name it, by name, and how many do. */
  readonly assignments: readonly string[];
  readonly assignmentCount: number;
  /** As far as it was resolved since the server began, or is remembered. */
  readonly resolutions: readonly Resolution[];
};

/** Why it could not be resolved, or not for everybody. */
export type ImageProblem = { readonly code: ErrorCode; readonly message: string };

export type ImagePage = { readonly images: readonly MappedImage[]; readonly next?: string };

/** What is on its way into the cache, or there. */
export type Prefetched = { readonly reference: string; readonly bytes: number; readonly blobs: readonly Blob[] };
type Blob = { readonly role: string; readonly digest: string; readonly size: number };

const MOST_NAMES = 100;

/** What people ask about the images that are mapped, and have done with them. Nobody can have anything fetched that is not mapped. */
export class ImageDesk {
  readonly #parts: ImageDeskParts;
  readonly #ending = new AbortController();
  /** References whose blobs are being fetched. */
  readonly #fetching = new Map<string, Promise<unknown>>();

  constructor(parts: ImageDeskParts) {
    this.#parts = parts;
  }

  /** By reference, those behind `after`. */
  page({ limit, after }: { readonly limit: number; readonly after?: string | undefined }): ImagePage {
    const all = [...this.#parts.mapping().references].filter((text) => after === undefined || text > after).sort();
    const asked = all.slice(0, limit);
    const last = all.length > limit ? asked.at(-1) : undefined;
    return { images: this.#describe(asked), ...(last !== undefined && { next: last }) };
  }

  /** Asks its source, which may have been asked a minute ago. Throws NOT_FOUND for what is not mapped, and what the source throws. */
  async resolve(text: string): Promise<MappedImage & { readonly problems: readonly ImageProblem[] }> {
    const reference = this.#requireMapped(text);
    const problems = await this.#parts.mapped.resolveMapped(reference, this.#ending.signal);
    const [image] = this.#describe([reference]);
    const [first] = problems;
    if (image === undefined) throw notMapped(reference);
    if (first !== undefined && image.resolutions.length === 0) throw first;
    return { ...image, problems: problems.map((one) => ({ code: one.code, message: publicMessage(one) })) };
  }

  /** Resolves it and begins to fetch what it has, the small first; answers what that is. Throws the same. */
  async prefetch(text: string): Promise<Prefetched> {
    const { reference } = await this.resolve(text);
    const found = this.#imagesOf(new Set([reference])).get(reference) ?? [];
    const located = found.flatMap(({ image }) => image.artifacts.map((one) => ({ ...one, location: image.location })));
    const blobs = [...new Map(located.map((one) => [one.descriptor.digest, one])).values()];
    blobs.sort((one, other) => one.descriptor.size - other.descriptor.size);
    const { mapped, fetchAhead } = this.#parts;
    const fetchAll = async () =>
      Promise.allSettled(
        blobs.map(({ descriptor, location }) =>
          fetchAhead(descriptor, mapped.sourcesOf(descriptor, location), this.#ending.signal),
        ),
      );
    // How each goes is told as events; who asks twice waits for the same.
    if (!this.#fetching.has(reference)) {
      this.#fetching.set(
        reference,
        fetchAll().finally(() => this.#fetching.delete(reference)),
      );
    }
    const bytes = blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    return { reference, bytes, blobs: blobs.map(blobOf) };
  }

  /** Begins nothing any more. */
  close(): void {
    this.#ending.abort();
  }

  #requireMapped(text: string): string {
    const { mapping, defaultRegistry } = this.#parts;
    const reference = formatReference(withDefaultRegistry(parseReference(text), defaultRegistry()));
    if (!mapping().references.has(reference)) throw notMapped(reference);
    return reference;
  }

  #describe(references: readonly string[]): readonly MappedImage[] {
    const wanted = new Set(references);
    const users = new Map<string, string[]>(references.map((text) => [text, []]));
    for (const { name, image } of this.#parts.mapping().assignments) users.get(formatReference(image))?.push(name);
    const found = this.#imagesOf(wanted);
    return references.map((reference) => {
      const names = users.get(reference) ?? [];
      return {
        reference,
        assignments: names.slice(0, MOST_NAMES),
        assignmentCount: names.length,
        resolutions: eachOnce((found.get(reference) ?? []).map(resolutionOf)),
      };
    });
  }

  #imagesOf(references: ReadonlySet<string>): ReadonlyMap<string, readonly Resolved[]> {
    const found = new Map<string, Resolved[]>();
    for (const one of this.#parts.mapped.resolutions()) {
      const { reference } = one.key;
      if (references.has(reference)) found.set(reference, [...(found.get(reference) ?? []), one]);
    }
    return found;
  }
}

/** What of its ISO is started, assignments may say each for themselves: the image is the same for all that. */
function eachOnce(resolutions: readonly Resolution[]): readonly Resolution[] {
  return [...new Map(resolutions.map((one) => [JSON.stringify(one), one])).values()];
}

type Resolved = { readonly key: ResolutionKey; readonly image: ResolvedImage };

function resolutionOf({ key, image }: Resolved): Resolution {
  return {
    architecture: key.wish.architecture,
    variant: key.wish.variant,
    platform: formatPlatform(image.platform),
    digest: image.digest,
    manifestDigest: image.manifestDigest,
    artifacts: image.artifacts.map(blobOf),
  };
}

function blobOf({ role, descriptor }: Artifact): Blob {
  return { role, digest: descriptor.digest, size: descriptor.size };
}

function notMapped(reference: string): BootlayerError {
  return new BootlayerError('NOT_FOUND', `no assignment names the image ${reference.slice(0, 300)}`, {
    remedy: 'GET /api/v1/images lists those that are named, in the spelling that counts',
  });
}
