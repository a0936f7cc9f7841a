/** What the container image is made of: a folder with the root of it, and the recipe that makes an image of that. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, run } from '../../test/setup/command.js';
import { SetupError } from '../../test/setup/steps.js';
import { nativeFile } from './executable.js';
import { licences } from './licences.js';
import { digestOf, nativePath } from './native.js';
import { setTimes, sourceDate } from './source-date.js';

const RECIPE = join(ROOT, 'deploy/container/Containerfile');
const CONFIGURATION = join(ROOT, 'deploy/package/debian/bootlayer.yaml');
const PROGRAM = 'usr/lib/bootlayer/bootlayer';
/** Of the user that the recipe names. */
const USER = 65_532;

/**
 * The whole folder anew, so that nothing is left of another version.
 * @param {string} folder where `container` is made
 * @param {{ executable: string, version: string }} parts
 * @returns {Promise<string>} the folder that `buildah bud`, `podman build` and `docker build` take
 */
export async function layContainer(folder, { executable, version }) {
  const context = join(folder, 'container');
  const part = `${context}.part`;
  rmSync(part, { recursive: true, force: true });
  await layRoot(join(part, 'root'), executable);
  mkdirSync(join(part, 'data'));
  const recipe = readFileSync(RECIPE, 'utf8').replace('ARG VERSION=unknown', `ARG VERSION=${version}`);
  writeFileSync(join(part, 'Containerfile'), recipe);
  setTimes(part, await sourceDate());
  rmSync(context, { recursive: true, force: true });
  renameSync(part, context);
  return context;
}

/** @param {string} root @param {string} executable */
async function layRoot(root, executable) {
  const put = (/** @type {string} */ path, /** @type {string | Uint8Array} */ contents, mode = 0o644) => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
    chmodSync(file, mode);
  };
  put(PROGRAM, readFileSync(executable), 0o755);
  // Nothing is unpacked where it lies beside the executable, and whoever runs it cannot change it.
  put(join(dirname(PROGRAM), nativePath(digestOf(readFileSync(nativeFile())))), readFileSync(nativeFile()));
  mkdirSync(join(root, 'usr/bin'));
  symlinkSync(`../lib/bootlayer/bootlayer`, join(root, 'usr/bin/bootlayer'));
  for (const library of await librariesOf(executable, nativeFile())) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
    chmodSync(join(root, library), 0o755);
  }
  put('etc/bootlayer/bootlayer.yaml', readFileSync(CONFIGURATION));
  put('etc/passwd', `bootlayer:x:${USER}:${USER}:Bootlayer:/var/lib/bootlayer:/nonexistent\n`);
  put('etc/group', `bootlayer:x:${USER}:\n`);
  // Without it, glibc asks a name server before it looks into /etc/hosts.
  put('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  // Root's, of which the recipe makes the last folder.
  mkdirSync(join(root, 'var/lib'), { recursive: true });
  put('usr/share/doc/bootlayer/licences', licences());
}

/** Those of this system: the C library with its loader, and what comes with the compiler. @param {readonly string[]} programs */
async function librariesOf(...programs) {
  const told = await run('ldd', programs);
  const libraries = new Set(
    [...told.matchAll(/\/\S+\.so\S*/g)].map(([library]) => library).filter((one) => !programs.includes(one)),
  );
  if (libraries.size === 0) throw new SetupError('ldd names no library', 'package on Linux with glibc');
  return [...libraries].sort();
}
