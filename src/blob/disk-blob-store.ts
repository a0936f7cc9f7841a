import { randomBytes } from 'node:crypto';
import { statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BootlayerError, systemErrorCode } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { BlobStore, ByteReader, Holding, Ingest, StoredBlob } from './blob-store.js';
import {
  checkBlob,
  fingerprintOf,
  listBlobs,
  listParts,
  makeLayout,
  type Part,
  proveWritable,
  removeBlob,
  removeLeftovers,
} from './disk-folder.js';
import { DiskIngest } from './disk-ingest.js';
import { type PartWriter, SERVER } from './disk-parts.js';
import { diskProblem, isLost } from './disk-problem.js';
import { DiskReader } from './disk-reader.js';
import { hashOf } from './hash.js';
import { blobPath, INGEST, ingestPath } from './layout.js';

/** Of a disk: what is downloaded ahead of need leaves so much of it to others. */
const RESERVE = 0.1;

/** Blobs as files in an OCI image layout. Only one server uses the folder (the state beside it is locked), and commands beside it. */
export class DiskBlobStore implements BlobStore {
  readonly #folder: string;
  readonly #writer: PartWriter;
  /** Of each blob one at a time: what one finds damaged and removes, another must not remove again when it has just come anew. */
  readonly #judging = new Map<Digest, Promise<unknown>>();
  /** Since the start; what was used before, the file system knows to the day. */
  readonly #used = new Map<Digest, number>();
  /** Fingerprints of blobs as they were opened first since the start, or found intact: one that differs is hashed again. */
  readonly #intact = new Map<Digest, string>();
  /** Paths of the parts that are being written. */
  readonly #underWay = new Set<string>();

  private constructor(folder: string, writer: PartWriter) {
    this.#folder = folder;
    this.#writer = writer;
  }

  /**
   * Makes the folder when it is missing; unless it is only to be looked at (`tidies`), what is in `ingest/` and nobody went on
   * with for a day goes. Throws DATA_UNUSABLE, DISK_FULL.
   */
  static async open(folder: string, { now = Date.now(), writer = SERVER, tidies = true } = {}): Promise<DiskBlobStore> {
    try {
      await makeLayout(folder);
      if (tidies) await removeLeftovers(join(folder, INGEST), now);
      await proveWritable(folder);
    } catch (cause) {
      throw diskProblem(folder, cause);
    }
    return new DiskBlobStore(folder, writer);
  }

  async open(descriptor: Descriptor, signal?: AbortSignal): Promise<ByteReader | undefined> {
    const { digest, size } = descriptor;
    const reader = await this.#openFile(digest);
    if (reader === undefined) return undefined;
    if (reader !== 'lost') {
      const known = this.#intact.get(digest) ?? reader.fingerprint;
      if (reader.size === size && reader.fingerprint === known) {
        this.#intact.set(digest, known);
        return reader;
      }
      await reader.close();
    }
    return this.#alone(digest, () => this.#judge(descriptor, signal));
  }

  async ingest(descriptor: Descriptor, signal?: AbortSignal): Promise<Ingest> {
    try {
      // Somebody may have emptied the folder to make room.
      await makeLayout(this.#folder);
    } catch (cause) {
      throw diskProblem(this.#folder, cause);
    }
    const final = join(this.#folder, blobPath(descriptor.digest));
    for (const { path: part, wholeSize } of await this.#leftOf(descriptor.digest)) {
      if (wholeSize !== descriptor.size) continue;
      const resumed = await this.#resume(descriptor, { part, final }, signal);
      if (resumed !== undefined) return resumed;
    }
    const mark = `${this.#writer.mark}${randomBytes(6).toString('hex')}`;
    const part = join(this.#folder, ingestPath(descriptor, mark));
    return this.#begun(part, (onClosed) => DiskIngest.create(descriptor, { part, final, onClosed }));
  }

  /** undefined when it cannot be gone on with: then it is in nobody's way any more. */
  async #resume(
    descriptor: Descriptor,
    { part, final }: { readonly part: string; readonly final: string },
    signal: AbortSignal | undefined,
  ): Promise<DiskIngest | undefined> {
    // Another ingest of the same digest has found it, too.
    if (this.#underWay.has(part)) return undefined;
    try {
      return await this.#begun(part, (onClosed) => DiskIngest.resume(descriptor, { part, final, onClosed }, signal));
    } catch (cause) {
      signal?.throwIfAborted();
      if (systemErrorCode(cause) === 'ENOENT') return undefined;
      if (!isLost(cause)) throw diskProblem(part, cause);
      await unlink(part).catch(() => undefined);
      return undefined;
    }
  }

  async list(): Promise<readonly StoredBlob[]> {
    return (await listBlobs(this.#folder)).map(({ digest, size }) => ({ digest, size }));
  }

  async holdings(): Promise<readonly Holding[]> {
    const blobs = await listBlobs(this.#folder);
    const used = blobs.map((blob) => ({ ...blob, lastUsed: this.#used.get(blob.digest) ?? blob.lastUsed }));
    return [...used, ...(await this.#parts())];
  }

  async room(): Promise<number> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#folder);
      return Math.max(0, (bavail - blocks * RESERVE) * bsize);
    } catch (cause) {
      throw diskProblem(this.#folder, cause);
    }
  }

  async deletePart(digest: Digest): Promise<boolean> {
    const idle = await this.#leftOf(digest);
    for (const { path } of idle) await unlink(path).catch(() => undefined);
    return idle.length > 0;
  }

  async recheck(digest: Digest, pause: (bytes: number) => Promise<void>): Promise<'intact' | 'damaged' | 'gone'> {
    const path = join(this.#folder, blobPath(digest));
    const found = await checkBlob(path, digest, pause);
    if (found.state === 'intact' && found.fingerprint !== undefined) this.#intact.set(digest, found.fingerprint);
    if (found.state === 'intact' || found.state === 'gone') return found.state;
    // Not one that came anew while the old one was read.
    return this.#alone(digest, async () => {
      if (found.fingerprint !== undefined && found.fingerprint !== (await fingerprintOf(path))) return 'gone';
      return (await this.delete(digest)) ? 'damaged' : 'gone';
    });
  }

  async delete(digest: Digest): Promise<boolean> {
    this.#used.delete(digest);
    this.#intact.delete(digest);
    return removeBlob(this.#folder, digest);
  }

  /** After whatever is done with the same blob in this way. */
  async #alone<T>(digest: Digest, work: () => Promise<T>): Promise<T> {
    const before = this.#judging.get(digest);
    const mine = (before ?? Promise.resolve()).then(work, work);
    this.#judging.set(digest, mine);
    try {
      return await mine;
    } finally {
      if (this.#judging.get(digest) === mine) this.#judging.delete(digest);
    }
  }

  /** Parts of it that were kept; more than one only when somebody put them there. */
  async #leftOf(digest: Digest): Promise<readonly Part[]> {
    return (await this.#parts()).filter((part) => part.digest === digest);
  }

  /** But for those that are being written. */
  async #parts(): Promise<readonly Part[]> {
    return (await listParts(this.#folder, this.#writer)).filter(({ path }) => !this.#underWay.has(path));
  }

  async #begun(part: string, begin: (onClosed: () => void) => Promise<DiskIngest>): Promise<DiskIngest> {
    this.#underWay.add(part);
    const onClosed = () => this.#underWay.delete(part);
    try {
      return await begin(onClosed);
    } catch (thrown) {
      onClosed();
      throw thrown;
    }
  }

  /** `lost`: nobody can read what is there. Throws DATA_UNUSABLE, BLOB_UNAVAILABLE. */
  async #openFile(digest: Digest): Promise<DiskReader | 'lost' | undefined> {
    const path = join(this.#folder, blobPath(digest));
    try {
      const reader = await DiskReader.open(path);
      this.#used.set(digest, Date.now());
      return reader;
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return undefined;
      if (isLost(cause)) return 'lost';
      throw diskProblem(path, cause);
    }
  }

  /**
   * A file of the wrong size, or that was written to: either the descriptor lies, or somebody damaged the file; then it goes,
   * to be fetched again. Looks once more, since whoever judged it before may have removed it, and a good one may have come.
   */
  async #judge(descriptor: Descriptor, signal: AbortSignal | undefined): Promise<ByteReader | undefined> {
    const { digest, size } = descriptor;
    const reader = await this.#openFile(digest);
    if (reader === undefined) return undefined;
    if (reader === 'lost' || !(await this.#isIntact(digest, reader, signal))) {
      await this.delete(digest);
      return undefined;
    }
    if (reader.size === size) return reader;
    await reader.close();
    throw new BootlayerError('DIGEST_MISMATCH', `${digest} has ${reader.size} bytes, and ${size} were promised`, {
      remedy: 'the manifest that names it is wrong: push the image again',
    });
  }
  /** Closes one that is not. */
  async #isIntact(digest: Digest, reader: DiskReader, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#intact.get(digest) === reader.fingerprint) return true;
    let isIntact = false;
    try {
      isIntact = (await hashOf(reader, async () => signal?.throwIfAborted())) === digest;
    } finally {
      if (!isIntact) await reader.close();
    }
    if (isIntact) this.#intact.set(digest, reader.fingerprint);
    return isIntact;
  }
}
