import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../disk-access.js';
import { BootlayerError, isDiskFull, systemErrorCode } from '../errors.js';

/** The standard output, in place of a file. */
export const STANDARD_OUTPUT = '-';

/**
 * Writes to a file that only its owner may read, all of it or nothing: what was there before stays until the new one is whole and
 * durable. Throws USAGE where there can be no such file, DISK_FULL, and what the bytes come to an end with.
 */
export async function replaceFile(file: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const part = `${file}.part-${process.pid}`;
  const handle = await open(part, 'wx', 0o600).catch((cause: unknown) => {
    throw unwritten(file, cause);
  });
  let isReplaced = false;
  try {
    for await (const piece of bytes) {
      signal.throwIfAborted();
      // All of the piece, as `write` alone need not.
      await handle.writeFile(piece);
    }
    await handle.sync();
    await rename(part, file);
    isReplaced = true;
    await syncFolder(dirname(file));
  } catch (cause) {
    throw signal.aborted ? signal.reason : unwritten(file, cause);
  } finally {
    await handle.close();
    if (!isReplaced) await rm(part, { force: true });
  }
}

/** As fast as somebody reads; where nobody does any more, the program ends. */
export async function writeToOutput(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  for await (const piece of bytes) {
    signal.throwIfAborted();
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain', { signal });
  }
}

function unwritten(file: string, cause: unknown): unknown {
  const code = systemErrorCode(cause);
  if (code === undefined || cause instanceof BootlayerError) return cause;
  if (isDiskFull(cause)) return new BootlayerError('DISK_FULL', `the disk of ${file} is full`, { cause });
  return new BootlayerError('USAGE', `${file} cannot be written (${code})`, {
    remedy: 'name a file in a folder this user may write to',
    cause,
  });
}
