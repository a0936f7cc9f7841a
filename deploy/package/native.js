/**
 * The part of SQLite that is machine code, which the system loads from files alone: the executable carries it, and it is unpacked
 * once, under its digest. What is loaded was compared with what the executable carries at this very start.
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
const FOLDER = 'native';

/** Where it lies below a folder. @param {Uint8Array} contents */
export function nativePath(contents) {
  return join(FOLDER, createHash('sha256').update(contents).digest('hex'), NATIVE);
}

/**
 * Loads it from beside the executable, where a package has put it, else from the data folder, else from a folder for this once: the
 * data may be another user's, full, or on a disk that nothing may be run from. Throws what was in the way of each.
 * @template T
 * @param {{ contents: Uint8Array, data: string, executable?: string, load: (file: string) => T }} parts
 * @returns {T}
 */
export function loadNative({ contents, data, executable = process.execPath, load }) {
  const path = nativePath(contents);
  const places = [
    () => load(packed(dirname(realpathSync(executable)), path, contents)),
    () => load(unpacked(data, path, contents)),
    () => forOnce((folder) => load(unpacked(folder, path, contents))),
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

/** Throws where it is not there, or others could lead us elsewhere before it is loaded. @param {string} folder @param {string} path @param {Uint8Array} contents */
function packed(folder, path, contents) {
  const file = join(folder, path);
  for (const each of [folder, ...foldersOf(file)]) requireOurs(each);
  return sound(file, contents);
}

/** Both that are made for it. @param {string} file */
function foldersOf(file) {
  return [dirname(dirname(file)), dirname(file)];
}

/** @param {string} file @param {Uint8Array} contents */
function sound(file, contents) {
  if (isSound(file, contents)) return file;
  throw new Error(`${file} is not what this executable carries`);
}

/** Throws where nobody but us could be kept from changing it. @param {string} folder @param {string} path @param {Uint8Array} contents */
function unpacked(folder, path, contents) {
  const file = join(folder, path);
  requireOurs(folder);
  for (const made of foldersOf(file)) {
    mkdirSync(made, { recursive: true, mode: 0o700 });
    requireOurs(made);
  }
  if (isSound(file, contents)) return file;
  unpack(file, contents);
  removeOthers(dirname(file));
  return sound(file, contents);
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

/** Compared through one descriptor, which no link leads to. @param {string} file @param {Uint8Array} contents */
function isSound(file, contents) {
  let descriptor;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || !isOurs(stats) || stats.size !== contents.length) return false;
    return readFileSync(descriptor).equals(contents);
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
