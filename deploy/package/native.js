/**
 * The part of SQLite that is machine code, which the system loads from files alone: the executable carries it, and it is unpacked
 * once, under its digest. What is loaded was compared with that at this very start: what the executable carries is read where it is
 * unpacked alone, as it would stay in memory.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const NATIVE = 'libsql.node';
/** Its digest, as the executable has it beside it. */
export const NATIVE_DIGEST = 'libsql.sha256';
const FOLDER = 'native';
/** Several times what it has: whatever else lies there is not read. */
const MOST_BYTES = 64 * 1024 * 1024;

/** @typedef {{ digest: string, contents: () => Uint8Array }} Native `digest`: in hex */

/** @param {Uint8Array} contents */
export function digestOf(contents) {
  return createHash('sha256').update(contents).digest('hex');
}

/** Where it lies below a folder. @param {string} digest */
export function nativePath(digest) {
  return join(FOLDER, digest, NATIVE);
}

/**
 * Loads it from beside the executable, where a package has put it, else from the data folder, else from a folder for this once: the
 * data may be another user's, full, or on a disk that nothing may be run from. Throws what was in the way of each.
 * @template T
 * @param {{ native: Native, data: string, executable?: string, load: (file: string) => T }} parts
 * @returns {T}
 */
export function loadNative({ native, data, executable = process.execPath, load }) {
  const path = nativePath(native.digest);
  const places = [
    () => load(packed(dirname(realpathSync(executable)), path, native)),
    () => load(unpacked(data, path, native)),
    () => forOnce((folder) => load(unpacked(folder, path, native))),
  ];
  const problems = [];
  for (const place of places) {
    try {
      return place();
    } catch (thrown) {
      problems.push(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
  throw new Error(`${NATIVE} cannot be loaded: ${problems.join('; ')}`);
}

/** Throws where it is not there, or others could lead us elsewhere before it is loaded. @param {string} folder @param {string} path @param {Native} native */
function packed(folder, path, native) {
  const file = join(folder, path);
  for (const each of [folder, ...foldersOf(file)]) requireOurs(each);
  return sound(file, native);
}

/** Both that are made for it. @param {string} file */
function foldersOf(file) {
  return [dirname(dirname(file)), dirname(file)];
}

/** @param {string} file @param {Native} native */
function sound(file, native) {
  if (isSound(file, native)) return file;
  throw new Error(`${file} is not what this executable carries`);
}

/** Throws where nobody but us could be kept from changing it. @param {string} folder @param {string} path @param {Native} native */
function unpacked(folder, path, native) {
  const file = join(folder, path);
  requireOurs(folder);
  for (const made of foldersOf(file)) {
    mkdirSync(made, { recursive: true, mode: 0o700 });
    requireOurs(made);
  }
  if (isSound(file, native)) return file;
  unpack(file, native.contents());
  removeOthers(dirname(file));
  return sound(file, native);
}

/** Whole or not at all, also for another process that does the same. @param {string} file @param {Uint8Array} contents */
function unpack(file, contents) {
  const part = `${file}.${randomUUID()}`;
  try {
    const descriptor = openSync(part, 'wx', 0o600);
    try {
      for (let at = 0; at < contents.length; ) at += writeSync(descriptor, contents, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(part, file);
  } catch (thrown) {
    rmSync(part, { force: true });
    throw thrown;
  }
}

/** What other versions left, who still have it open where they run. @param {string} folder */
function removeOthers(folder) {
  const others = readdirSync(dirname(folder)).map((name) => join(dirname(folder), name));
  for (const other of others) if (other !== folder) rmSync(other, { recursive: true, force: true });
}

/** @template T @param {(folder: string) => T} work */
function forOnce(work) {
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-'));
  try {
    return work(folder);
  } finally {
    // What is loaded needs no name any more.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compared through one descriptor, which no link leads to. @param {string} file @param {Native} native */
function isSound(file, { digest }) {
  let descriptor;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    return stats.isFile() && isOurs(stats) && stats.size <= MOST_BYTES && digestOf(readFileSync(descriptor)) === digest;
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** @param {string} folder */
function requireOurs(folder) {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (!stats?.isDirectory() || !isOurs(stats))
    throw new Error(`${folder} is no folder that this user alone may write to`);
}

/** Nobody else may write to it, but root. @param {import('node:fs').Stats} stats */
function isOurs({ uid, mode }) {
  return (uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0;
}
