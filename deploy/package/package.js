/**
 * `npm run package`: the program as one file, which needs no Node, and as a Debian package, and what a container image is
 * made of, for this architecture, into `deploy/build`, or the folder that `npm run package -- FOLDER` names.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../test/setup/build.js';
import { onPath, ROOT } from '../../test/setup/command.js';
import { requireNode } from '../../test/setup/node-version.js';
import { installPackages } from '../../test/setup/npm.js';
import { runScript, SetupError, say, step } from '../../test/setup/steps.js';
import { layContainer } from './container.js';
import { buildDebian } from './debian.js';
import { buildExecutable } from './executable.js';
import { licences } from './licences.js';

/** @param {string} folder @returns {Promise<{ executable: string, debian: string | undefined, container: string }>} what was made */
export async function buildPackages(folder) {
  const { version } = /** @type {{ version: string }} */ (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'bootlayer-package-'));
  try {
    const name = `bootlayer-${version}-linux-${process.arch}`;
    const executable = join(folder, name);
    await step('the executable', () => buildExecutable(executable, work));
    writeFileSync(`${executable}.licences`, licences());
    const container = await step('the root of a container image', () => layContainer(folder, { executable, version }));
    // Only Debian's own tools make its packages.
    if (onPath('dpkg-deb') === undefined) return { executable, debian: undefined, container };
    const debian = await step('the Debian package', () => buildDebian(folder, { executable, version, work }));
    return { executable, debian, container };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    requireNode();
    const [wanted = join(ROOT, 'deploy/build'), ...more] = process.argv.slice(2);
    if (wanted.startsWith('-') || more.length > 0)
      throw new SetupError('npm run package takes a folder', 'npm run package -- FOLDER');
    await installPackages();
    await build();
    const {
      executable,
      debian = 'no Debian package, as there is no dpkg-deb',
      container,
    } = await buildPackages(resolve(wanted));
    say(`${executable}, ${debian}, and ${container} for an image`);
  });
}
