import type { BlobReader } from '../blob/blob-reader.js';

/** What is read at once where somebody reads on: sixteen parts of the size that iPXE asks for most. */
const WINDOW_BYTES = 256 * 1024;
/** Four may read one blob at the same time, each elsewhere, with one that is read from and the one that comes next. */
const MOST_WINDOWS = 8;

type Window = {
  readonly start: number;
  readonly buffer: Buffer;
  /** How many bytes of the buffer are those from `start` on; missing until they are read. */
  length?: number;
  /** Resolves when they are; never rejects: what cannot be read is no window any more. */
  readonly read: Promise<void>;
  /** How many wait for them: no others may be read into the buffer. */
  waiting: number;
};

/** Parts of a blob that are held for who reads on, each read before it is asked for. */
export class ReadWindows {
  readonly #reader: Pick<BlobReader, 'size' | 'read'>;
  /** The one that was used last at the end. */
  #windows: readonly Window[] = [];

  constructor(reader: Pick<BlobReader, 'size' | 'read'>) {
    this.#reader = reader;
  }

  /** How many bytes of `target` are filled: fewer than it is long where none holds the rest. `isNext`: it follows a part that was read. */
  async read(target: Uint8Array, position: number, isNext: boolean): Promise<number> {
    const window =
      this.#holding(position) ?? (isNext && position < this.#reader.size ? this.#open(position) : undefined);
    if (window === undefined) return 0;
    // To the end of the order.
    this.#windows = [...this.#windows.filter((one) => one !== window), window];
    if (isNext) this.#openAfter(window);
    if (window.length === undefined) await this.#filled(window);
    const from = position - window.start;
    const count = window.buffer.copy(target, 0, from, Math.min(window.length ?? 0, from + target.length));
    if (count === 0 || count === target.length) return count;
    return count + (await this.read(target.subarray(count), position + count, isNext));
  }

  #holding(position: number): Window | undefined {
    return this.#windows.find(
      ({ start, length, buffer }) => position >= start && position < start + (length ?? buffer.length),
    );
  }

  /** What comes next is there when it is asked for. */
  #openAfter({ start, buffer }: Window): void {
    const next = start + buffer.length;
    if (next < this.#reader.size && !this.#windows.some((one) => one.start === next)) this.#open(next);
  }

  #open(start: number): Window {
    const buffer = this.#spareBuffer() ?? Buffer.allocUnsafeSlow(WINDOW_BYTES);
    const reading = this.#reader.read(buffer, start).then(
      (length) => {
        window.length = length;
      },
      () => {
        this.#windows = this.#windows.filter((one) => one !== window);
      },
    );
    const window: Window = { start, buffer, read: reading, waiting: 0 };
    this.#windows = [...this.#windows, window];
    return window;
  }

  /** Of the window that is needed least, which is nobody's any more, when there are enough. */
  #spareBuffer(): Buffer | undefined {
    if (this.#windows.length < MOST_WINDOWS) return undefined;
    const [oldest, ...others] = this.#windows;
    this.#windows = others;
    return oldest?.length === undefined || oldest.waiting > 0 ? undefined : oldest.buffer;
  }

  async #filled(window: Window): Promise<void> {
    window.waiting += 1;
    await window.read;
    window.waiting -= 1;
  }
}
