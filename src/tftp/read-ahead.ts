import type { TftpFile } from './file.js';

/**
 * Each read costs the same, whatever it reads. Measured: 64 KiB is 8 percent slower, 256 KiB no faster, and to read the next
 * piece while one is being sent costs more than it gains.
 */
const LEAST_BYTES = 128 * 1024;

/** The part of a file that is being sent, read in large pieces. */
export class ReadAhead {
  readonly #file: TftpFile;
  readonly #buffer: Buffer;
  #start = 0;
  #end = 0;

  /** `windowBytes`: the most that is wanted at once. */
  constructor(file: TftpFile, windowBytes: number) {
    this.#file = file;
    this.#buffer = Buffer.allocUnsafe(Math.min(file.size, Math.max(LEAST_BYTES, 2 * windowBytes)));
  }

  holds(from: number, to: number): boolean {
    return from >= this.#start && to <= this.#end;
  }

  /** Bytes that it `holds`; they are the caller's until something is loaded. */
  bytes(from: number, to: number): Buffer {
    return this.#buffer.subarray(from - this.#start, to - this.#start);
  }

  /** Reads on from `from`, at least up to `to`; waits where that has not arrived yet. Throws what the file throws. */
  async load(from: number, to: number, signal: AbortSignal): Promise<void> {
    this.#start = from;
    this.#end = from;
    while (this.#end < to) {
      const available = await this.#file.available(this.#end, signal);
      const used = this.#end - from;
      const target = this.#buffer.subarray(used, Math.min(this.#buffer.length, used + available));
      const count = await this.#file.read(target, this.#end);
      if (count === 0) throw new Error('the file ends before its time');
      this.#end += count;
    }
  }
}
