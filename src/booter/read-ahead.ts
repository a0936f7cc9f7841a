import type { BlobReader } from '../blob/blob-reader.js';

/** What is read at once where somebody reads on: sixteen parts of the size that iPXE asks for most. */
const WINDOW_BYTES = 256 * 1024;
/** Who asks for as much at once gains nothing. */
const SMALL_BYTES = 64 * 1024;
/** So many read one disc at the same time, each elsewhere, before some of it is read twice. */
const MOST_WINDOWS = 4;

type Window = { readonly start: number; readonly bytes: Buffer };

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
    const bytes = Buffer.alloc(Math.max(0, Math.min(WINDOW_BYTES, reader.size - position)));
    const count = await reader.read(bytes, position);
    return { start: position, bytes: bytes.subarray(0, count) };
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
    return window.bytes.copy(target, 0, position - window.start);
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

function holds({ start, bytes }: Window, from: number, to: number): boolean {
  return from >= start && to <= start + bytes.length;
}
