/**
 * `npm run ipxe`: the iPXE binaries that machines need, from Debian's signed packages, into `ipxe/build`, or the folder that
 * `npm run ipxe -- FOLDER` names; with their sums, for `sha256sum -c`.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { onPath, ROOT } from './command.js';
import { requireNode } from './node-version.js';
import { fetchIpxe, firmwareFile } from './parts.js';
import { runScript, SetupError, say, step } from './steps.js';

/** Their names here, and Debian's. */
const FILES = {
  'undionly.kpxe': 'undionly.kpxe',
  'snponly.efi': 'snponly.efi',
  'ipxe.efi': 'ipxe-amd64.efi',
  'ipxe-arm64.efi': 'ipxe-arm64.efi',
};

/** Copies them, whole or not at all. @param {string} folder */
export async function buildIpxe(folder) {
  if (onPath('apt-get') === undefined || onPath('dpkg-deb') === undefined) {
    throw new SetupError('this is no Debian: there is no apt-get', 'ipxe/README.md says what is needed by which name');
  }
  await fetchIpxe();
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (thrown) {
    throw new SetupError(`${folder} is no folder to write to: ${String(thrown)}`);
  }
  const sums = Object.entries(FILES).map(([name, packaged]) => {
    const contents = readFileSync(firmwareFile('ipxe', join('usr/lib/ipxe', packaged)));
    replace(join(folder, name), contents);
    return `${createHash('sha256').update(contents).digest('hex')}  ${name}\n`;
  });
  replace(join(folder, 'SHA256SUMS'), `# Debian's package ipxe ${packageVersion()}\n${sums.join('')}`);
}

/** A machine may be loading the one that is there. @param {string} file @param {string | Uint8Array} contents */
function replace(file, contents) {
  writeFileSync(`${file}.part`, contents);
  renameSync(`${file}.part`, file);
}

/** As the first line of its changelog says: `ipxe (1.21.1+git...) unstable; urgency=medium`. */
function packageVersion() {
  const changelog = firmwareFile('ipxe', 'usr/share/doc/ipxe/changelog.Debian.gz');
  if (!existsSync(changelog)) return '';
  return /\((.*?)\)/.exec(gunzipSync(readFileSync(changelog)).toString())?.[1] ?? '';
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    requireNode();
    const [wanted = join(ROOT, 'ipxe/build'), ...more] = process.argv.slice(2);
    if (wanted.startsWith('-') || more.length > 0)
      throw new SetupError('npm run ipxe takes a folder', 'npm run ipxe -- FOLDER');
    const folder = resolve(wanted);
    await step('iPXE from Debian 13', () => buildIpxe(folder));
    say(`${Object.keys(FILES).join(', ')} are in ${folder}`);
  });
}
