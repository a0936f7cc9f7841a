import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { notAFile, syncFolder } from '../disk-access.js';
import type { Descriptor } from '../oci/descriptor.js';
import { DigestHasher } from '../oci/digest.js';
import type { Ingest } from './blob-store.js';
import { diskProblem } from './disk-problem.js';
import { notAsPromised, tooMuch } from './mismatch.js';

export type IngestPlace = {
  /** Paths of the growing file and of the whole blob, on one disk. */
  readonly part: string;
  readonly final: string;
  readonly onClosed: () => void;
};

/**
 * A blob being written to a file of its own, hashed in the order it arrives. The file handle stays open over the
 * rename, so whoever reads the growing file goes on reading the finished one.
 */
export class DiskIngest implements Ingest {
  readonly #descriptor: Descriptor;
  readonly #part: string;
  readonly #final: string;
  readonly #file: FileHandle;
  readonly #onClosed: () => void;
  readonly #hasher = new DigestHasher();
  #written = 0;
  /** Ahead of what is written only while a write is being tried again. */
  #hashed = 0;
  #renamed = false;
  /** Up to where it was given to the disk, under way or not. */
  #flushed = 0;
  #flushing: Promise<void> | undefined;
  #flushProblem: { readonly cause: unknown } | undefined;
  #state: 'growing' | 'committed' | 'aborted' | 'kept' = 'growing';

  private constructor(descriptor: Descriptor, { part, final, onClosed }: IngestPlace, file: FileHandle) {
    this.#descriptor = descriptor;
    this.#part = part;
    this.#final = final;
    this.#onClosed = onClosed;
    this.#file = file;
  }

  static async create(descriptor: Descriptor, place: IngestPlace): Promise<DiskIngest> {
    try {
      return new DiskIngest(descriptor, place, await open(place.part, 'wx+'));
    } catch (cause) {
      throw diskProblem(place.part, cause);
    }
  }

  /**
   * Goes on with a file that was kept or that a crash left: hashes what is there. A power cut leaves zeros where the disk
   * had not got further, so they are taken for nothing; should it have lost more, the digest says so at the end. Rejects with
   * the file system's error, one with the code ENOTFILE, or the signal's reason.
   */
  static async resume(descriptor: Descriptor, place: IngestPlace, signal?: AbortSignal): Promise<DiskIngest> {
    const file = await open(place.part, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw notAFile('it is no regular file');
      const ingest = new DiskIngest(descriptor, place, file);
      await ingest.#rehash(await endOfContent(file, descriptor.size), signal);
      return ingest;
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  get written(): number {
    return this.#written;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#written + bytes.length > this.#descriptor.size) throw tooMuch(this.#descriptor);
    const writing = this.#write(bytes);
    // While another thread writes them.
    if (this.#hashed === this.#written) this.#hash(bytes);
    try {
      await writing;
    } catch (cause) {
      throw diskProblem(this.#part, cause);
    }
    this.#written += bytes.length;
    this.#flushSome();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#written + done);
      done += bytesWritten;
    }
  }

  /** To the disk by and by: all at once would take its time in the end. The system tells of a failure only once. */
  #flushSome(): void {
    if (this.#flushing !== undefined || this.#written - this.#flushed < FLUSH_BYTES) return;
    this.#flushed = this.#written;
    this.#flushing = this.#file
      .datasync()
      .catch((cause: unknown) => {
        this.#flushProblem ??= { cause };
      })
      .finally(() => {
        this.#flushing = undefined;
      });
  }

  async #sync(): Promise<void> {
    await this.#flushing;
    await this.#file.sync();
    if (this.#flushProblem !== undefined) throw this.#flushProblem.cause;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const length = Math.min(target.length, this.#written - position);
    if (length <= 0) return 0;
    try {
      return (await this.#file.read(target, 0, length, position)).bytesRead;
    } catch (cause) {
      throw diskProblem(this.#part, cause);
    }
  }

  #hash(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    this.#hashed += bytes.length;
  }

  async #rehash(end: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#file.truncate(end);
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    while (this.#written < end) {
      signal?.throwIfAborted();
      const { bytesRead } = await this.#file.read(piece, 0, Math.min(piece.length, end - this.#written), this.#written);
      if (bytesRead === 0) throw notAFile('it became shorter while it was read');
      this.#hash(piece.subarray(0, bytesRead));
      this.#written += bytesRead;
    }
  }

  async commit(): Promise<void> {
    const actual = this.#hasher.digest();
    if (this.#written !== this.#descriptor.size || actual !== this.#descriptor.digest) {
      await this.abort();
      throw notAsPromised(this.#descriptor, actual, this.#written);
    }
    try {
      await this.#sync();
      await rename(this.#part, this.#final);
      this.#renamed = true;
      // Not before: a part that a crash leaves is to be gone on with.
      await this.#file.chmod(0o444);
      await syncFolder(dirname(this.#final));
    } catch (cause) {
      await this.abort();
      throw diskProblem(this.#part, cause);
    }
    this.#state = 'committed';
  }

  async abort(): Promise<void> {
    if (this.#state !== 'growing') return;
    this.#state = 'aborted';
    await unlink(this.#renamed ? this.#final : this.#part).catch(() => undefined);
  }

  keep(): void {
    if (this.#state === 'growing') this.#state = 'kept';
  }

  async close(): Promise<void> {
    await this.abort();
    await this.#flushing;
    this.#onClosed();
    await this.#file.close();
  }
}

/** Up to where there is something; 0 when it holds more than it should. */
async function endOfContent(file: FileHandle, limit: number): Promise<number> {
  const { size } = await file.stat();
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let end = size <= limit ? size : 0; end > 0; ) {
    const start = Math.max(0, end - piece.length);
    const { bytesRead } = await file.read(piece, 0, end - start, start);
    const last = piece.subarray(0, bytesRead).findLastIndex((byte) => byte !== 0);
    if (last !== -1) return start + last + 1;
    end = start;
  }
  return 0;
}

const PIECE_BYTES = 1024 * 1024;
const FLUSH_BYTES = 16 * 1024 * 1024;
