import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

/**
 * What belongs to the program itself: files beside its modules, or what the single-file executable carries (`npm run package`),
 * which has them under the same names.
 */

/** The checkout or the installation; undefined in the single-file executable, which may lie anywhere. */
export function ownFolder(): string | undefined {
  return isSea() ? undefined : fileURLToPath(new URL('..', import.meta.url));
}

export function ownManifest(): unknown {
  const folder = ownFolder();
  const name = 'package.json';
  return JSON.parse(folder === undefined ? getAsset(name, 'utf8') : readFileSync(`${folder}${name}`, 'utf8'));
}

/** The module that a thread runs, by its path in `src`: `store/sqlite-worker-process.js`. */
export function threadModule(path: string): URL {
  if (!isSea()) return new URL(path, import.meta.url);
  // A thread may be started by a URL that holds its module, which may import nothing but what is built in.
  return new URL(`data:text/javascript,${encodeURIComponent(getAsset(path, 'utf8'))}`);
}
