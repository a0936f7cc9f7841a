import type { BlobReader } from '../blob/blob-reader.js';
import type { LocatedArtifact } from '../boot/ports.js';
import { BootlayerError } from '../errors.js';
import { type ContentsRole, isoFilesOf, readLayer } from '../image/contents.js';
import { artifactOf, type ImageContents, type ResolvedImage } from '../image/image.js';
import { type IsoFiles, isoFilesName } from '../image/iso-files.js';
import type { RangeReader } from '../image/range-reader.js';
import { type Descriptor, sizedName } from '../oci/descriptor.js';
import { shortDigest } from '../oci/digest.js';
import { RecentMap } from '../recent-map.js';

/** Of 64 KiB at most; a site boots fewer. */
const MOST_KNOWN = 500;

/** A layer that is looked into; `isoFiles`: what is to be started of it, where it is an ISO. */
type Layer = LocatedArtifact & { readonly role: ContentsRole; readonly isoFiles?: IsoFiles | undefined };

/**
 * What kernels are and UKIs hold, by bytes that have their digest. What a resolution says of them was read of what nobody has verified: were
 * machines started by that, whoever answers for the registry could have a pinned image started otherwise.
 */
export class VerifiedContents {
  readonly #open: (artifact: LocatedArtifact) => Promise<BlobReader>;
  /** By role, digest, size and what is to be started of it: whoever lies about the size of another's image holds his own up alone. */
  readonly #known = new RecentMap<string, ImageContents>(MOST_KNOWN);
  /** By the place as well: some hang. */
  readonly #underWay = new Map<string, Promise<ImageContents>>();
  readonly #arriving = new Map<string, BlobReader>();

  /** `open`: gives readers of the cache, which download what it does not have. */
  constructor(open: (artifact: LocatedArtifact) => Promise<BlobReader>) {
    this.#open = open;
  }

  /** The image with what that layer of it is, where it has one; waits until all of that is there. Throws what the cache throws. */
  async added(image: ResolvedImage, role: ContentsRole): Promise<ResolvedImage> {
    const layer = artifactOf(image, role);
    if (layer === undefined) return image;
    const read = await this.of({ ...layer, role, location: image.location, isoFiles: isoFilesOf(image, role) });
    return { ...image, contents: { ...image.contents, ...read } };
  }

  /** Waits until all of it is there; it is read once for all that ask meanwhile. Throws what the cache throws, which is not kept. */
  async of(layer: Layer): Promise<ImageContents> {
    const known = this.#known.get(nameOf(layer));
    if (known !== undefined) return known;
    return this.#underWay.get(placedName(layer)) ?? this.#start(layer);
  }

  /** How many bytes have come of one that is waited for; waits for the first. undefined where nobody waits for it. */
  async received(descriptor: Pick<Descriptor, 'digest' | 'size'>): Promise<number | undefined> {
    return this.#arriving.get(sizedName(descriptor))?.available(0);
  }

  #start(layer: Layer): Promise<ImageContents> {
    const name = placedName(layer);
    const reading = this.#read(layer).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, reading);
    return reading;
  }

  async #read(layer: Layer): Promise<ImageContents> {
    const { role, descriptor, isoFiles } = layer;
    const name = sizedName(descriptor);
    const blob = await this.#open(layer);
    this.#arriving.set(name, blob);
    try {
      await blob.whole();
      const read = await readLayer(role, rangesOf(blob, descriptor), isoFiles);
      this.#known.set(nameOf(layer), read);
      return read;
    } finally {
      // Of another place, it may be waited for as well.
      if (this.#arriving.get(name) === blob) this.#arriving.delete(name);
      await blob.close();
    }
  }
}

/** What is a kernel to one image may be the UKI of another. */
function nameOf({ role, descriptor, isoFiles }: Layer): string {
  return `${role} ${sizedName(descriptor)} ${isoFilesName(isoFiles)}`;
}

function placedName(layer: Layer): string {
  return `${nameOf(layer)} ${layer.location}`;
}

/** Of a blob that is whole. Throws BLOB_UNAVAILABLE where it is not as long as it says. */
function rangesOf(blob: BlobReader, { digest }: Descriptor): RangeReader {
  const { size } = blob;
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const target = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
    for (let had = 0; had < target.length; ) {
      const more = await blob.read(target.subarray(had), offset + had);
      if (more === 0)
        throw new BootlayerError(
          'BLOB_UNAVAILABLE',
          `${shortDigest(digest)} ends at ${offset + had} of ${size} bytes`,
          {
            remedy: 'see that the disk of the cache is well; bootlayer cache verify reads all of it again',
          },
        );
      had += more;
    }
    return target;
  };
  return { size, read };
}
