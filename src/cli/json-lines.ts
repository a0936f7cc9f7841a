import { writeSync } from 'node:fs';
import { systemErrorCode } from '../errors.js';

/** How long a reader that is slow is waited for, once: the server has machines to answer. */
const TRIES = 20;
const PAUSE_MILLISECONDS = 10;

/** Nobody ever changes it, so that waiting for a change is waiting for the time. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/**
 * JSON lines to a file descriptor. Nothing is kept that cannot be written: whoever reads them may go or stop reading, and
 * the disk they go to may be full; the server stays for its machines. A line that could not be written whole is ended, so
 * that the next one can be read.
 */
export function jsonLines(fd: number): { write(line: string): void } {
  let tries = TRIES;
  let isTorn = false;
  let lost = 0;
  return {
    write: (line) => {
      const ending = isTorn ? '\n' : '';
      const loss = lost === 0 ? '' : `${JSON.stringify({ level: 40, event: 'log.lost', lines: lost })}\n`;
      const bytes = Buffer.from(`${ending}${loss}${line}`);
      const written = writeWhole(fd, bytes, tries);
      // A reader that did not move is not waited for again before it takes something.
      tries = written === bytes.length ? TRIES : 0;
      lost = written === bytes.length ? 0 : lost + 1;
      if (written > 0) isTorn = written < bytes.length;
    },
  };
}

/** How many bytes could be written. */
function writeWhole(fd: number, bytes: Buffer, tries: number): number {
  let written = 0;
  for (let left = tries; written < bytes.length; ) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (thrown) {
      if (systemErrorCode(thrown) !== 'EAGAIN' || left === 0) break;
      left -= 1;
      Atomics.wait(NOBODY, 0, 0, PAUSE_MILLISECONDS);
    }
  }
  return written;
}
