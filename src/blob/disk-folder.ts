import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../disk-access.js';
import { systemErrorCode } from '../errors.js';
import type { Digest } from '../oci/digest.js';
import type { Holding } from './blob-store.js';
import type { PartWriter } from './disk-parts.js';
import { diskProblem, isLost } from './disk-problem.js';
import { DiskReader } from './disk-reader.js';
import { hashOf } from './hash.js';
import {
  BLOBS,
  blobPath,
  digestOfFile,
  INDEX_CONTENTS,
  INDEX_FILE,
  INGEST,
  LAYOUT_CONTENTS,
  LAYOUT_FILE,
  readPartName,
} from './layout.js';

/** Half a download is worth so much longer than the trouble that ended it. */
const KEPT_MILLISECONDS = 24 * 3_600_000;
const PROBE = '.probe-';

/** What a cache folder holds, without touching it: a server may be using it. Throws DATA_UNUSABLE. */
export async function listBlobs(folder: string): Promise<readonly Holding[]> {
  const blobs: Holding[] = [];
  for (const name of await namesIn(join(folder, BLOBS))) {
    const digest = digestOfFile(name);
    const found = digest === undefined ? undefined : await stat(join(folder, BLOBS, name)).catch(() => undefined);
    if (digest !== undefined && found?.isFile() === true)
      blobs.push({ digest, size: found.size, isPart: false, lastUsed: found.atimeMs });
  }
  return blobs;
}

/** A part that a writer may take, at its path. */
export type Part = Holding & { readonly path: string; readonly wholeSize: number };

/** What was kept of downloads, as far as `writer` may take it. */
export async function listParts(folder: string, writer: PartWriter): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const name of await namesIn(join(folder, INGEST))) {
    const path = join(folder, INGEST, name);
    const read = readPartName(name);
    const found = read === undefined ? undefined : await stat(path).catch(() => undefined);
    if (read === undefined || found?.isFile() !== true) continue;
    const { mtimeMs: touched, size } = found;
    if (!writer.mayTake({ mark: read.mark, touched })) continue;
    parts.push({ digest: read.digest, size, isPart: true, lastUsed: touched, path, wholeSize: read.size });
  }
  return parts;
}

/** Removes a blob from a cache folder; whether it was there. Whoever reads it goes on reading. Throws DATA_UNUSABLE. */
export async function removeBlob(folder: string, digest: Digest): Promise<boolean> {
  const path = join(folder, blobPath(digest));
  try {
    await unlink(path);
    return true;
  } catch (cause) {
    const code = systemErrorCode(cause) ?? '';
    if (code === 'ENOENT') return false;
    if (!NO_FILE.has(code)) throw diskProblem(folder, cause);
  }
  // An empty folder in its place; what holds something is somebody's.
  await rmdir(path).catch((cause: unknown) => {
    throw diskProblem(path, cause);
  });
  return true;
}

/** By unlink(2), on one system or another. */
const NO_FILE: ReadonlySet<string> = new Set(['EISDIR', 'EPERM']);

/** None when there is no such folder. Throws DATA_UNUSABLE. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return [];
    throw diskProblem(folder, cause);
  }
}

export async function makeLayout(folder: string): Promise<void> {
  await makeFolder(join(folder, BLOBS));
  await makeFolder(join(folder, INGEST));
  await writeWhenMissing(join(folder, LAYOUT_FILE), LAYOUT_CONTENTS);
  await writeWhenMissing(join(folder, INDEX_FILE), INDEX_CONTENTS);
}

async function writeWhenMissing(path: string, contents: string): Promise<void> {
  const there = await readFile(path, 'utf8').catch(() => undefined);
  if (there === undefined || there === '') await writeFile(path, contents);
}

/** Only files: nothing of ours is anything else. Another program may be opening the same folder. */
export async function removeLeftovers(folder: string, now: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(folder, entry.name);
    const touched = await stat(path).then(({ mtimeMs }) => mtimeMs, unlessGone);
    const isOurs = readPartName(entry.name) !== undefined || entry.name.startsWith(PROBE);
    // A time to come says that the clock was set back.
    const isRecent = touched === undefined || Math.abs(now - touched) < KEPT_MILLISECONDS;
    if (!isRecent || !isOurs) await unlink(path).catch(unlessGone);
  }
}

function unlessGone(problem: unknown): undefined {
  if (systemErrorCode(problem) !== 'ENOENT') throw problem;
}

/** A folder may look fine and be on a disk mounted read-only, or its halves on two disks: does what an ingest does. */
export async function proveWritable(folder: string): Promise<void> {
  const name = `${PROBE}${randomBytes(6).toString('hex')}`;
  const [part, final] = [join(folder, INGEST, name), join(folder, BLOBS, name)];
  await writeFile(part, 'probe');
  await rename(part, final);
  await unlink(final);
}

/** `gone`: somebody removed it meanwhile. `fingerprint`: which file it was (`DiskReader`), where it could be opened. */
export type Checked = { readonly state: 'intact' | 'damaged' | 'gone'; readonly fingerprint?: string };

/**
 * Reads a blob's file and compares it with its digest; that does not count as use. Throws DATA_UNUSABLE and BLOB_UNAVAILABLE
 * where that says nothing of the blob, and what `pause` throws.
 */
export async function checkBlob(
  path: string,
  digest: Digest,
  pause: (bytes: number) => Promise<void> = async () => undefined,
): Promise<Checked> {
  const reader = await DiskReader.open(path, { aside: true }).catch((thrown: unknown) => thrown);
  if (!(reader instanceof DiskReader)) {
    if (systemErrorCode(reader) === 'ENOENT') return { state: 'gone' };
    if (isLost(reader)) return { state: 'damaged' };
    throw diskProblem(path, reader);
  }
  const { fingerprint } = reader;
  try {
    return { state: (await hashOf(reader, pause)) === digest ? 'intact' : 'damaged', fingerprint };
  } catch (thrown) {
    if (isLost(thrown)) return { state: 'damaged', fingerprint };
    throw thrown;
  } finally {
    await reader.close();
  }
}

/** Which file has the path now; undefined when none. */
export async function fingerprintOf(path: string): Promise<string | undefined> {
  const reader = await DiskReader.open(path, { aside: true }).catch(() => undefined);
  await reader?.close();
  return reader?.fingerprint;
}
