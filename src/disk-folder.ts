import { mkdir } from 'node:fs/promises';
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
