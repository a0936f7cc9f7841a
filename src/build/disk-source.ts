import type { FileHandle } from 'node:fs/promises';
import { openFileWithStats } from '../disk-access.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import type { RangeReader } from '../image/range-reader.js';

/** Read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** A file that something is made of, held open so that all that is read of it is of one file. */
export class DiskSource implements RangeReader {
  readonly file: string;
  /** What it is for: `kernel`. */
  readonly what: string;
  /** In bytes, when it was opened. */
  readonly size: number;
  readonly #handle: FileHandle;

  constructor(file: string, what: string, opened: { readonly handle: FileHandle; readonly size: number }) {
    this.file = file;
    this.what = what;
    this.size = opened.size;
    this.#handle = opened.handle;
  }

  /** Throws USAGE where it cannot be read, is no file, or has nothing in it. */
  static async open(file: string, what: string): Promise<DiskSource> {
    const { file: handle, stats } = await openFileWithStats(file).catch((cause: unknown) => {
      if (systemErrorCode(cause) !== 'ENOTFILE') throw unreadable(file, what, cause);
      throw refused(`${file} for the ${what} is no regular file`, 'name a file');
    });
    if (stats.size > 0) return new DiskSource(file, what, { handle, size: stats.size });
    await handle.close();
    throw refused(`${file} for the ${what} is empty`, 'name a file with contents');
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let at = offset, left = length; left > 0; ) {
      const piece = await this.#readOnce(at, left);
      if (piece.length === 0) break;
      pieces.push(piece);
      at += piece.length;
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** All of it, in order. Throws USAGE where it has changed since. */
  async *pieces(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < this.size; ) {
      const piece = await this.#readOnce(at, Math.min(CHUNK_BYTES, this.size - at));
      if (piece.length === 0) throw this.#changed();
      at += piece.length;
      yield piece;
    }
    if ((await this.#readOnce(this.size, 1)).length > 0) throw this.#changed();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** One of this file that is not what it is to be. */
  refusal(reason: string, remedy: string): BootlayerError {
    return refused(`${this.file} for the ${this.what} ${reason}`, remedy);
  }

  async #readOnce(at: number, length: number): Promise<Buffer> {
    try {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    } catch (cause) {
      throw unreadable(this.file, this.what, cause);
    }
  }

  #changed(): BootlayerError {
    return this.refusal('changed while it was read', 'build again when nothing writes to it');
  }
}

function unreadable(file: string, what: string, cause: unknown): BootlayerError {
  return new BootlayerError(
    'USAGE',
    `cannot read ${file} for the ${what} (${systemErrorCode(cause) ?? String(cause)})`,
    {
      remedy: 'name a file that exists and is readable',
      cause,
    },
  );
}

function refused(what: string, remedy: string): BootlayerError {
  return new BootlayerError('USAGE', what, { remedy });
}
