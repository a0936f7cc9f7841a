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

/** Parts of a blob that are held for who reads on, each read before it is asked for: 2 MiB at most, for as long as this is held. */
export class ReadWindows {
  readonly #reader: Pick<BlobReader, 'size' | 'read'>;
  /** The one that is needed least first. */
  #windows: readonly Window[] = [];

  constructor(reader: Pick<BlobReader, 'size' | 'read'>) {
    this.#reader = reader;
  }

  /** How many bytes of `target` are filled: fewer than it is long where none holds the rest. `isNext`: it follows a part that was read. */
  async read(target: Uint8Array, position: number, isNext: boolean): Promise<number> {
    const window = this.#holding(position) ?? (isNext ? this.#open(position) : undefined);
    if (window === undefined) return 0;
    this.#used(window, position, isNext);
    if (window.length === undefined) {
      window.waiting += 1;
      await window.read;
      // Nothing may happen between this and the copy: the buffer may be another's after that.
      window.waiting -= 1;
    }
    const from = position - window.start;
    const count = window.buffer.copy(target, 0, from, Math.min(window.length ?? 0, from + target.length));
    if (count === 0 || count === target.length) return count;
    return count + (await this.read(target.subarray(count), position + count, isNext));
  }

  /** Fills all of `target` from a window that is there, for who reads on, or nothing of it: whether it did. */
  readNow(target: Uint8Array, position: number): boolean {
    const window = this.#holding(position);
    if (window?.length === undefined) return false;
    const from = position - window.start;
    if (from + target.length > window.length) return false;
    this.#used(window, position, true);
    window.buffer.copy(target, 0, from, from + target.length);
    return true;
  }

  #holding(position: number): Window | undefined {
    return this.#windows.find(
      ({ start, length, buffer }) => position >= start && position < start + (length ?? buffer.length),
    );
  }

  #used(window: Window, position: number, isNext: boolean): void {
    if (this.#windows.at(-1) !== window) this.#order(window);
    // Who has come so far reads on. Not before what is there has been answered: to wake a thread takes as long as that does.
    if (isNext && position >= window.start + WINDOW_BYTES / 2 && this.#lacks(afterOf(window)))
      setImmediate(() => this.#openAfter(window));
  }

  /** Who reads it needs what follows next, and what is behind no more. */
  #order(window: Window): void {
    const next = this.#holding(afterOf(window));
    const behind = this.#windows.find((one) => afterOf(one) === window.start);
    const others = this.#windows.filter((one) => one !== window && one !== next && one !== behind);
    this.#windows = [...listed(behind), ...others, ...listed(next), window];
  }

  /** What comes next is there when it is asked for. */
  #openAfter(window: Window): void {
    const next = afterOf(window);
    if (this.#lacks(next)) this.#open(next);
  }

  /** Whether there is something at that place that no window has, or is to have. */
  #lacks(position: number): boolean {
    // One that holds nothing, of a file that was cut short, holds nothing the second time either.
    if (position >= this.#reader.size) return false;
    return this.#holding(position) === undefined && !this.#windows.some(({ start }) => start === position);
  }

  /** undefined beyond the end, and where every buffer is needed. */
  #open(start: number): Window | undefined {
    const buffer = start < this.#reader.size ? this.#spareBuffer() : undefined;
    if (buffer === undefined) return undefined;
    const read = this.#reader.read(buffer, start).then(
      (length) => {
        window.length = length;
      },
      () => {
        this.#windows = this.#windows.filter((one) => one !== window);
      },
    );
    const window: Window = { start, buffer, read, waiting: 0 };
    this.#windows = [...this.#windows, window];
    return window;
  }

  /** A new one, or, when there are enough, that of the window that is needed least and that nobody waits for. */
  #spareBuffer(): Buffer | undefined {
    if (this.#windows.length < MOST_WINDOWS) return Buffer.allocUnsafeSlow(WINDOW_BYTES);
    const idle = this.#windows.find(({ length, waiting }) => length !== undefined && waiting === 0);
    this.#windows = this.#windows.filter((one) => one !== idle);
    return idle?.buffer;
  }
}

function listed(window: Window | undefined): readonly Window[] {
  return window === undefined ? [] : [window];
}

function afterOf({ start, buffer }: Window): number {
  return start + buffer.length;
}
