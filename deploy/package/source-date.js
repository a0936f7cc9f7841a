/** The time that what is packaged bears, so that the same sources make the same packages. */
import { lutimesSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../../test/setup/command.js';
import { SetupError } from '../../test/setup/steps.js';

/** Seconds since the epoch (reproducible-builds.org/specs/source-date-epoch): when the sources were last changed. */
export async function sourceDate() {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) {
    if (/^\d+$/.test(given)) return Number(given);
    throw new SetupError(`SOURCE_DATE_EPOCH is "${given}", and no number of seconds`);
  }
  const told = await run('git', ['log', '-1', '--format=%ct']).catch(() => '');
  return told === '' ? Math.floor(statSync(join(ROOT, 'package.json')).mtimeMs / 1000) : Number(told);
}

/** Of all that is in a folder, and its own. @param {string} folder @param {number} epoch seconds */
export function setTimes(folder, epoch) {
  const paths = /** @type {string[]} */ (readdirSync(folder, { recursive: true }));
  for (const path of [...paths, '.']) lutimesSync(join(folder, path), epoch, epoch);
}
