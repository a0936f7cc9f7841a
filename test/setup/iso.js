import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './command.js';
import { program } from './parts.js';

/**
 * `files`: by their paths; `links`: to what each path leads; `before`: options of xorriso, in front of those of mkisofs; `options`:
 * those of mkisofs, whose paths of boot images are those of the files.
 * @typedef {{
 *   readonly files: Readonly<Record<string, string | Buffer>>,
 *   readonly links?: Readonly<Record<string, string>>,
 *   readonly before?: readonly string[],
 *   readonly options?: readonly string[],
 * }} MadeIso
 */

/** Without the names of Rock Ridge, which xorriso writes most times. */
export const NO_ROCK_RIDGE = ['-rockridge', 'off'];

/**
 * xorriso 1.5.4 of Debian 12 was seen to crash in one run of some thousand, and not in 2,600 that were alike. It catches the signal
 * and ends with 1, as for anything else.
 */
export const CRASHED = /UNIX-SIGNAL: +SIGSEGV/;

/** What xorriso makes, with the label `TESTISO`. @param {MadeIso} made @returns {Promise<Buffer>} */
export async function isoImage({ files, links = {}, before = [], options = ['-J'] }) {
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-iso-'));
  try {
    const root = join(folder, 'root');
    mkdirSync(root);
    for (const [path, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), contents);
    }
    for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
    const out = join(folder, 'image.iso');
    const { command, libraryPath } = program('xorriso');
    const args = [...before, '-as', 'mkisofs', '-quiet', '-V', 'TESTISO', ...options, '-o', out, 'root'];
    const made = () => run(command, args, { cwd: folder, env: { LD_LIBRARY_PATH: libraryPath, HOME: folder } });
    await onceMoreAfter(CRASHED, made);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Does a thing once more where it failed by what is expected of it; by anything else, and the second time, it fails.
 * @template T
 * @param {RegExp} expected in the message of its error @param {() => Promise<T>} doing @returns {Promise<T>}
 */
export async function onceMoreAfter(expected, doing) {
  try {
    return await doing();
  } catch (error) {
    if (!(error instanceof Error && expected.test(error.message))) throw error;
    return doing();
  }
}
