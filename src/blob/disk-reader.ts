import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { openFileWithStats } from '../disk-access.js';
import type { ByteReader } from './blob-store.js';
import { diskProblem } from './disk-problem.js';

/** A whole blob's file. */
export class DiskReader implements ByteReader {
  readonly size: number;
  /** The same for as long as nobody writes to the file, or puts another in its place. */
  readonly fingerprint: string;
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string, { ino, size, mtimeMs }: Stats) {
    this.#file = file;
    this.#path = path;
    this.size = size;
    this.fingerprint = `${ino} ${size} ${mtimeMs}`;
  }

  /** Rejects with the file system's error. `aside`: it is not to count as use, as far as the file system lets us. */
  static async open(path: string, { aside = false } = {}): Promise<DiskReader> {
    const opening = openFileWithStats(path, aside ? constants.O_NOATIME : 0);
    const { file, stats } = await (aside ? opening.catch(() => openFileWithStats(path)) : opening);
    return new DiskReader(file, path, stats);
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    try {
      return (await this.#file.read(target, 0, target.length, position)).bytesRead;
    } catch (cause) {
      throw diskProblem(this.#path, cause);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
