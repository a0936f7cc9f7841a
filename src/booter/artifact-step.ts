import type { BlobReader } from '../blob/blob-reader.js';
import type { ArtifactTransfer, LoaderTransfer } from '../boot/event.js';
import type { LocatedArtifact } from '../boot/ports.js';
import { startedPart } from '../boot/started-part.js';
import type { After } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { FilePart } from '../image/range-reader.js';
import { sizedName } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { Attribution } from './attribution.js';
import type { BlobPath } from './blob-path.js';
import type { Blobs } from './blobs.js';
import type { DiscReads } from './disc-reads.js';
import { KeptReaders } from './kept-readers.js';
import type { MappedImages } from './mapped-images.js';
import { type ReadAhead, readAhead } from './read-ahead.js';
import type { Progress } from './running-transfers.js';
import { requirePart, sliceReader } from './slice-reader.js';
import type { TransferEnded, TransferEvents } from './transfer-events.js';

export type ArtifactStepParts = {
  readonly blobs: Pick<Blobs, 'open'>;
  readonly mapped: MappedImages;
  readonly attribution: Attribution;
  readonly transferEvents: TransferEvents;
  readonly discs: DiscReads;
  readonly after: After;
};

/** To whom, and `sent`: how much by now. */
type BegunTransfer = Pick<LoaderTransfer, 'address' | 'protocol'> &
  Pick<Progress, 'sent'> & { readonly range: FilePart | undefined };

export type ReadDisc = { readonly artifact: LocatedArtifact; readonly reader: Pick<ReadAhead, 'readNow'> };

/** What machines fetch of their images. */
export class ArtifactStep {
  readonly #parts: ArtifactStepParts;
  /** Of ISOs, which may be read as discs. */
  readonly #readers: KeptReaders<ReadAhead>;

  constructor(parts: ArtifactStepParts) {
    this.#parts = parts;
    this.#readers = new KeptReaders(parts.after);
  }

  /**
   * The artifact that an assignment or an issued plan leads to: nothing else is ever served. Where images differ in what they
   * say of it, the one that the machine at this address boots is believed. A slice that is what a machine starts is that: kernel or
   * initramfs; and so is the root file system that its system fetches then. Throws BLOB_UNKNOWN.
   */
  async find({ digest, slice }: BlobPath, address: string): Promise<LocatedArtifact> {
    const { mapped, attribution } = this.#parts;
    const { image, fetches } = attribution.at(address);
    const found = await mapped.find(digest, image);
    if (found === undefined)
      throw new BootlayerError('BLOB_UNKNOWN', `no assignment and no issued plan leads to ${digest}`);
    if (slice === undefined) return found;
    const known = startedPart(fetches, digest, slice) ?? (await mapped.knownPart(digest, slice));
    if (known === undefined) return { ...found, slice: 'unplanned' };
    return { ...found, role: known.role, part: known.part, slice: known.slice };
  }

  /** Throws, as its reader does, what the cache throws; REQUEST_INVALID for a slice that is not in it. */
  async open(artifact: LocatedArtifact, slice?: FilePart): Promise<BlobReader> {
    if (slice !== undefined) {
      requirePart(slice, artifact.descriptor);
      return sliceReader(await this.#openWhole(artifact), slice);
    }
    if (artifact.role !== 'iso') return this.#openWhole(artifact);
    const open = async () => readAhead(await this.#openWhole(artifact));
    return this.#readers.of(bytesOf(artifact), open);
  }

  /**
   * The ISO, and its bytes, that somebody reads part by part, where `find` and `open` would have nothing to wait for. The reader is good
   * until anything else happens, and not to be closed.
   */
  reading(digest: Digest, address: string): ReadDisc | undefined {
    const { mapped, attribution } = this.#parts;
    const artifact = mapped.known(digest, attribution.at(address).image);
    const reader = artifact && this.#readers.opened(bytesOf(artifact));
    return reader && { artifact, reader };
  }

  /** Nobody reads on: what is read of discs is told as it is now. */
  async endReads(): Promise<void> {
    this.#parts.discs.close();
    await this.#readers.close();
  }

  /** Resolves when some of it is there. Throws what the cache throws. */
  async begins(artifact: LocatedArtifact): Promise<void> {
    const reader = await this.open(artifact);
    await reader.available(0).finally(() => reader.close());
  }

  async #openWhole(artifact: LocatedArtifact): Promise<BlobReader> {
    const { blobs, mapped } = this.#parts;
    const { descriptor, location } = artifact;
    const noted = (isRefuted: boolean) => (thrown: unknown) => {
      if (BootlayerError.from(thrown).code === 'DIGEST_MISMATCH') mapped.disappointed(artifact, { isRefuted });
      throw thrown;
    };
    const sources = mapped.sourcesOf(descriptor, location);
    // What cannot even be opened is there, and of another size; later, whoever gave the bytes may be to blame.
    const reader = await blobs.open(descriptor, sources).catch(noted(true));
    return {
      ...reader,
      available: (position, signal) => reader.available(position, signal).catch(noted(false)),
      whole: (signal) => reader.whole(signal).catch(noted(false)),
    };
  }

  /** It begins to be sent; `range`: what of the layer was asked for, when that is not all of the artifact. */
  begun(
    { role, descriptor: { digest, size: whole }, part, slice }: LocatedArtifact,
    { address, protocol, range, sent }: BegunTransfer,
  ): TransferEnded {
    const { attribution, transferEvents, discs } = this.#parts;
    const { machine, isShown, fetches } = attribution.at(address);
    // Filled in step by step: a disc is read by a thousand of them, and joining parts that may be missing costs more than to send one.
    const transfer: Filled<ArtifactTransfer> = { address, protocol, role, digest };
    if (machine !== undefined) transfer.machine = machine;
    if (isShown) transfer.isShown = true;
    if (slice !== undefined) transfer.slice = slice;
    const { offset = 0, length: size = whole } = part ?? {};
    if (range !== undefined) {
      transfer.range = `${range.offset}-${range.offset + range.length - 1}`;
      // Whatever ends where a layer does is not the rest of it for that.
      if (slice !== 'unplanned' && range.offset + range.length === offset + size) transfer.isRest = true;
    }
    const told = discs.begun(transfer, { size: whole, sent }, fetches.isDisc);
    return told ?? transferEvents.artifact(transfer, { size: range?.length ?? size, sent });
  }
}

/** What the bytes are that are read of it, and from where. */
function bytesOf({ descriptor, location }: LocatedArtifact): string {
  return `${sizedName(descriptor)} ${location}`;
}

type Filled<T> = { -readonly [key in keyof T]: T[key] };
