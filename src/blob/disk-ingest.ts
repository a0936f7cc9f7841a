import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Descriptor } from '../oci/descriptor.js';
import { DigestHasher } from '../oci/digest.js';
import type { Ingest } from './blob-store.js';
import { diskProblem } from './disk-problem.js';
import { notAsPromised, tooMuch } from './mismatch.js';

/**
 * A blob being written to a file of its own, hashed in the order it arrives. The file handle stays open over the
 * rename, so whoever reads the growing file goes on reading the finished one.
 */
export class DiskIngest implements Ingest {
  readonly #descriptor: Descriptor;
  readonly #part: string;
  readonly #final: string;
  readonly #file: FileHandle;
  readonly #hasher = new DigestHasher();
  #written = 0;
  #renamed = false;
  #state: 'growing' | 'committed' | 'aborted' = 'growing';

  private constructor(descriptor: Descriptor, part: string, final: string, file: FileHandle) {
    this.#descriptor = descriptor;
    this.#part = part;
    this.#final = final;
    this.#file = file;
  }

  static async create(descriptor: Descriptor, part: string, final: string): Promise<DiskIngest> {
    try {
      return new DiskIngest(descriptor, part, final, await open(part, 'wx+'));
    } catch (cause) {
      throw diskProblem(part, cause);
    }
  }

  get written(): number {
    return this.#written;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#written + bytes.length > this.#descriptor.size) throw tooMuch(this.#descriptor);
    this.#hasher.update(bytes);
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#written + done);
        done += bytesWritten;
      }
    } catch (cause) {
      throw diskProblem(this.#part, cause);
    }
    this.#written += bytes.length;
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

  async commit(): Promise<void> {
    const actual = this.#hasher.digest();
    if (this.#written !== this.#descriptor.size || actual !== this.#descriptor.digest) {
      await this.abort();
      throw notAsPromised(this.#descriptor, actual, this.#written);
    }
    try {
      await this.#file.chmod(0o444);
      await this.#file.sync();
      await rename(this.#part, this.#final);
      this.#renamed = true;
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

  async close(): Promise<void> {
    await this.abort();
    await this.#file.close();
  }
}

/** A rename is durable when the folder is (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
