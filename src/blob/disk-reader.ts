import { type FileHandle, open } from 'node:fs/promises';
import type { ByteReader } from './blob-store.js';
import { diskProblem } from './disk-problem.js';

/** A whole blob's file. */
export class DiskReader implements ByteReader {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string, size: number) {
    this.#file = file;
    this.#path = path;
    this.size = size;
  }

  /** Rejects with the file system's error. */
  static async open(path: string): Promise<DiskReader> {
    const file = await open(path, 'r');
    try {
      return new DiskReader(file, path, (await file.stat()).size);
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
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
