import type { BlobReader } from '../blob/blob-reader.js';
import { ReadWindows } from './read-windows.js';

/** Who asks for as much at once gains nothing. */
const SMALL_BYTES = 64 * 1024;
/** Where so many have read lately is known. */
const MOST_ENDS = 4;

export type ReadAhead = BlobReader & {
  /** Fills all of `target` with what follows a part that was read, where that is in memory; else nothing: whether it did. */
  readNow(target: Uint8Array, position: number): boolean;
};

/**
 * A reader that reads ahead where one small part follows the last, as a boot loader reads a kernel: bytes that are there need no
 * thread that reads them, which takes longer than to send them. Only of what is all there.
 */
export function readAhead(reader: BlobReader): ReadAhead {
  let isWhole = false;
  const windows = new ReadWindows(reader);
  /** Where parts have ended lately. */
  let ends: readonly number[] = [];

  /** What follows it is known for the next. */
  function passed(position: number, length: number): void {
    ends = [...ends.filter((one) => one !== position), position + length].slice(-MOST_ENDS);
  }

  async function read(target: Uint8Array, position: number): Promise<number> {
    const isNext = ends.includes(position);
    passed(position, target.length);
    const known = isWhole && target.length <= SMALL_BYTES ? await windows.read(target, position, isNext) : 0;
    return known > 0 ? known : reader.read(target, position);
  }

  function readNow(target: Uint8Array, position: number): boolean {
    if (target.length > SMALL_BYTES || !ends.includes(position)) return false;
    if (!windows.readNow(target, position)) return false;
    passed(position, target.length);
    return true;
  }

  return {
    ...reader,
    whole: async (signal) => {
      await reader.whole(signal);
      isWhole = true;
    },
    read,
    readNow,
  };
}
