import { stat, unlink, writeFile } from 'node:fs/promises';
import { waitFor } from '../clock.js';
import { BootlayerError, systemErrorCode } from '../errors.js';

/** Whoever holds one only reads, writes and renames a small file. */
const PAUSE_MILLISECONDS = 20;
const PATIENCE_MILLISECONDS = 10_000;
/** So old, it was left by one that was killed. */
const STALE_MILLISECONDS = 30_000;

/**
 * Does the work while nobody else, in this process or another, does theirs under the same file. Throws DATA_UNUSABLE when it is
 * held for too long, the file system's error, and what the work throws.
 */
export async function withLockFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  await lock(path);
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

async function lock(path: string): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MILLISECONDS; waited += PAUSE_MILLISECONDS) {
    try {
      return await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
    } catch (thrown) {
      if (systemErrorCode(thrown) !== 'EEXIST') throw thrown;
    }
    if (await isStale(path)) await unlink(path).catch(() => undefined);
    else await waitFor(PAUSE_MILLISECONDS, undefined);
  }
  throw new BootlayerError('DATA_UNUSABLE', `${path} has been held by another program for too long`, {
    remedy: 'remove it when no other writes there',
  });
}

async function isStale(path: string): Promise<boolean> {
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  return touched !== undefined && Math.abs(Date.now() - touched) > STALE_MILLISECONDS;
}
