import { constants, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from './errors.js';

/**
 * Makes a folder with those above it, unless it is there. Not with node's `recursive`, which never ends where the system
 * says that a folder is missing whose parent is there, as /proc does. Rejects with the file system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === 'EEXIST') return requireFolder(path);
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw thrown;
    await makeFolder(parent);
    await mkdir(path).catch((again: unknown) => {
      // Another program may have made it in the meantime.
      if (systemErrorCode(again) !== 'EEXIST') throw again;
    });
  }
}

/** Something of that name is there; a link to a folder is as good as one. */
async function requireFolder(path: string): Promise<void> {
  await mkdir(`${path}/.`).catch((thrown: unknown) => {
    if (systemErrorCode(thrown) !== 'EEXIST') throw thrown;
  });
}

/**
 * Opens a file for reading, and nothing else: a pipe in its place would hold one of node's four disk threads for ever, a
 * device would never end. `flags`: of open(2), beside those. Rejects with the file system's error, or one with the code ENOTFILE.
 */
export async function openFile(path: string, flags = 0): Promise<FileHandle> {
  return (await openFileWithStats(path, flags)).file;
}

/** The same, and what the system says of it. */
export async function openFileWithStats(
  path: string,
  flags = 0,
): Promise<{ readonly file: FileHandle; readonly stats: Stats }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const stats = await file.stat();
    if (stats.isFile()) return { file, stats };
    throw notAFile('it is no regular file');
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** A rename is durable when the folder is (fsync(2)). */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The error with the code ENOTFILE. */
export function notAFile(message: string): Error {
  return Object.assign(new Error(message), { code: 'ENOTFILE' });
}

/** The file whole; undefined when it holds more than `limit` bytes. Rejects as `openFile` does. */
export async function readFileBounded(path: string, limit: number): Promise<Uint8Array | undefined> {
  const file = await openFile(path);
  try {
    const pieces: Uint8Array[] = [];
    for (let size = 0; size <= limit; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(PIECE_BYTES, limit + 1 - size)));
      if (bytesRead === 0) return Buffer.concat(pieces);
      pieces.push(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

const PIECE_BYTES = 64 * 1024;
