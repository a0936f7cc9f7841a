import type { BlobReader } from '../blob/blob-reader.js';

/** What is read at once where somebody reads on: sixteen parts of the size that iPXE asks for most. */
const WINDOW_BYTES = 256 * 1024;
/** Who asks for as much at once gains nothing. */
const SMALL_BYTES = 64 * 1024;
/** So many read one disc at the same time, each elsewhere, before some of it is read twice. */
const MOST_WINDOWS = 4;

/** `length`: how many bytes of the buffer are those from `start` on. */
type Window = { readonly buffer: Buffer; readonly start: number; readonly length: number };

/**
 * A reader that reads ahead where one small part follows the last, as a boot loader reads a kernel: bytes that are there need no
 * thread that reads them, which takes longer than to send them. Only of what is all there.
 */
export function readAhead(reader: BlobReader): BlobReader {
  let isWhole = false;
  /** The one that was used last at the end. */
  let windows: readonly Window[] = [];
  /** Where parts have ended lately. */
  let ends: readonly number[] = [];

  async function windowAt(position: number): Promise<Window> {
    // The one that is needed least is read into, and is nobody's while it is.
    const oldest = windows.length < MOST_WINDOWS ? undefined : windows[0];
    windows = windows.filter((one) => one !== oldest);
    const buffer = oldest?.buffer ?? Buffer.allocUnsafeSlow(WINDOW_BYTES);
    const length = await reader.read(buffer, position);
    return { buffer, start: position, length };
  }

  function used(window: Window): void {
    windows = [...windows.filter((one) => one !== window), window].slice(-MOST_WINDOWS);
  }

  async function read(target: Uint8Array, position: number): Promise<number> {
    const end = position + target.length;
    const isNext = ends.includes(position);
    ends = [...ends.filter((one) => one !== position), end].slice(-MOST_WINDOWS);
    if (!isWhole || target.length > SMALL_BYTES) return reader.read(target, position);
    const known = windows.find((one) => holds(one, position, end));
    if (known === undefined && !isNext) return reader.read(target, position);
    const window = known ?? (await windowAt(position));
    used(window);
    const from = position - window.start;
    return window.buffer.copy(target, 0, from, Math.min(window.length, from + target.length));
  }

  return {
    ...reader,
    whole: async (signal) => {
      await reader.whole(signal);
      isWhole = true;
    },
    read,
  };
}

function holds({ start, length }: Window, from: number, to: number): boolean {
  return from >= start && to <= start + length;
}
