import { writeSync } from 'node:fs';
import { systemErrorCode } from '../errors.js';

/** How often a full pipe is tried again before a line is dropped, and how long to wait in between. */
const TRIES = 50;
const PAUSE_MILLISECONDS = 10;

/**
 * JSON lines to a file descriptor. Nothing is kept that cannot be written: whoever reads them may go, and the disk
 * they go to may be full; the server stays for its machines.
 */
export function jsonLines(fd: number): { write(line: string): void } {
  return {
    write: (line) => {
      const bytes = Buffer.from(line);
      for (let written = 0, tries = 0; written < bytes.length && tries < TRIES; ) {
        try {
          written += writeSync(fd, bytes, written);
        } catch (thrown) {
          if (systemErrorCode(thrown) !== 'EAGAIN') return;
          tries += 1;
          Atomics.wait(NOBODY, 0, 0, PAUSE_MILLISECONDS);
        }
      }
    },
  };
}

/** Nobody ever changes it, so that waiting for a change is waiting for the time. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));
