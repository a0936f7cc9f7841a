import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolderIn } from '../content.js';
import { systemErrorCode } from '../errors.js';
import { formatBytes } from '../format.js';
import type { CheckResult } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';
import { ownName } from './doctor-user.js';

const CHECK = 'disk';
/** What the state and its copies want, whatever the cache does. */
const LEAST_BYTES = 100 * 1024 * 1024;
/** An image or two. */
const SPARSE_BYTES = 2 * 1024 * 1024 * 1024;
/** Blobs that are counted. */
const MOST_BLOBS = 20_000;

export type DiskInput = {
  readonly data: string;
  /** Bytes that this user may still write, and that are in the cache. */
  readonly free: number;
  readonly cached: number;
  /** Files that may still be made; undefined where the file system has no such limit. */
  readonly freeFiles: number | undefined;
  readonly maxSize: number | undefined;
  /** Why it cannot be written to, of the system. */
  readonly unwritable: string | undefined;
};

/** Whether the data folder has room for what the cache is to hold. */
export async function checkDisk({ config }: Pick<DoctorSite, 'config'>): Promise<readonly CheckResult[]> {
  const { data, cache } = config;
  const there = await nearestFolder(data);
  const [system, unwritable, cached] = await Promise.all([
    statfs(there),
    access(there, constants.W_OK | constants.X_OK).then(
      () => undefined,
      (thrown: unknown) => systemErrorCode(thrown) ?? String(thrown),
    ),
    sizeOfCache(data),
  ]);
  const freeFiles = system.files === 0 ? undefined : system.ffree;
  const free = system.bavail * system.bsize;
  return [judgeDisk({ data, free, cached, freeFiles, maxSize: cache.maxSize, unwritable })];
}

/** It is made when the server starts. */
async function nearestFolder(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

async function sizeOfCache(data: string): Promise<number> {
  const folder = join(cacheFolderIn(data), 'blobs', 'sha256');
  const names = (await readdir(folder).catch(() => [])).slice(0, MOST_BLOBS);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Pure. */
export function judgeDisk({ data, free, cached, freeFiles, maxSize, unwritable }: DiskInput): CheckResult {
  const result = (state: CheckResult['state'], what: string, remedy?: string): CheckResult => {
    return { check: CHECK, state, what, ...(remedy !== undefined && { remedy }) };
  };
  if (unwritable !== undefined)
    return result(
      'fail',
      `${data} cannot be written to by ${ownName()}, who runs doctor (${unwritable})`,
      'run it as the user that the server runs as, or give that user the folder',
    );
  const room = `${formatBytes(free)} free in ${data}`;
  const more = 'make room, or set data to a folder on a larger disk';
  if (freeFiles === 0) return result('fail', `${room}, and no file can be made any more`, more);
  if (free < LEAST_BYTES) return result('fail', room, more);
  if (maxSize !== undefined && free + cached < maxSize) {
    const what = `${room}, beside ${formatBytes(cached)} in the cache: less than cache.maxSize (${formatBytes(maxSize)})`;
    return result('warn', what, `set cache.maxSize to less than ${formatBytes(free + cached)}, or make room`);
  }
  if (free < SPARSE_BYTES) return result('warn', `${room}: that is little for images`, more);
  const limit = maxSize === undefined ? '' : `; cache.maxSize is ${formatBytes(maxSize)}`;
  return result('ok', `${room}, ${formatBytes(cached)} in the cache${limit}`);
}
