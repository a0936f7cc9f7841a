import { randomBytes } from 'node:crypto';
import { link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { waitFor } from '../clock.js';
import { BootlayerError, systemErrorCode } from '../errors.js';

/** Whoever holds one only reads, writes and renames a small file. */
const PAUSE_MILLISECONDS = 20;
/** So old, it was left by one that was killed. */
const STALE_MILLISECONDS = 10_000;
const PATIENCE_MILLISECONDS = 3 * STALE_MILLISECONDS;

/**
 * Does the work while nobody else, in this process or another, does theirs under the same file. Throws DATA_UNUSABLE when it is
 * held for too long, the file system's error, and what the work throws.
 */
export async function withLockFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  await lock(path, randomBytes(12).toString('hex'));
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

async function lock(path: string, name: string): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MILLISECONDS; waited += PAUSE_MILLISECONDS) {
    try {
      return await writeFile(path, name, { flag: 'wx' });
    } catch (thrown) {
      if (systemErrorCode(thrown) !== 'EEXIST') throw thrown;
    }
    await takeAwayStale(path, `${path}.${name}`);
    await waitFor(PAUSE_MILLISECONDS, undefined);
  }
  throw new BootlayerError('DATA_UNUSABLE', `${path} has been held by another program for too long`, {
    remedy: 'remove it when no other writes there',
  });
}

/** Of several that find it stale, one takes it away; a new one that came between is put back. */
async function takeAwayStale(path: string, aside: string): Promise<void> {
  const stale = await staleName(path);
  if (stale === undefined) return;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, path);
  } catch {
    // Another was faster.
  }
  await unlink(aside).catch(() => undefined);
}

async function staleName(path: string): Promise<string | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    return Math.abs(Date.now() - mtimeMs) > STALE_MILLISECONDS ? await readFile(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
