/** The Debian package: the executable, systemd's units, a configuration, and who runs it. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ROOT, run } from '../../test/setup/command.js';
import { SetupError } from '../../test/setup/steps.js';
import { nativeFile } from './executable.js';
import { licences } from './licences.js';
import { digestOf, nativePath } from './native.js';
import { setTimes, sourceDate } from './source-date.js';

const OWN = fileURLToPath(new URL('debian/', import.meta.url));
const DEPLOY = join(ROOT, 'deploy');
const CONFIGURATION = 'etc/bootlayer/bootlayer.yaml';
/** Debian's names of Node's. @type {Readonly<Record<string, string>>} */
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/**
 * @param {string} folder where it is made
 * @param {{ executable: string, version: string, work: string }} parts work: a folder for what is made on the way
 * @returns {Promise<string>} the package
 */
export async function buildDebian(folder, { executable, version, work }) {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const tree = join(work, 'debian');
  const native = readFileSync(nativeFile());
  const epoch = await sourceDate();
  const described = { version, epoch, maintainer: maintainerOf() };
  lay(tree, { executable, native, described });
  const needs = glibcOf([readFileSync(executable), native]);
  layControl(tree, controlFile({ ...described, architecture, tree, needs }));
  setTimes(tree, epoch);
  const file = join(folder, `bootlayer_${version}_${architecture}.deb`);
  // The same sources make the same package.
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  await run('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', tree, `${file}.part`], { env });
  renameSync(`${file}.part`, file);
  return file;
}

/** `epoch`: seconds. @typedef {{ version: string, epoch: number, maintainer: string }} Described */

/** @param {string} tree @param {{ executable: string, native: Buffer, described: Described }} parts */
function lay(tree, { executable, native, described }) {
  const put = (/** @type {string} */ path, /** @type {string | Uint8Array} */ contents, mode = 0o644) => {
    const file = join(tree, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
    chmodSync(file, mode);
  };
  const program = 'usr/lib/bootlayer/bootlayer';
  put(program, '', 0o755);
  copyFileSync(executable, join(tree, program));
  // Nothing is unpacked where it lies beside the executable, and whoever runs it cannot change it.
  put(join(dirname(program), nativePath(digestOf(native))), native);
  mkdirSync(join(tree, 'usr/bin'));
  symlinkSync('../lib/bootlayer/bootlayer', join(tree, 'usr/bin/bootlayer'));
  put(CONFIGURATION, readFileSync(join(OWN, 'bootlayer.yaml')));
  put('usr/lib/sysusers.d/bootlayer.conf', readFileSync(join(OWN, 'sysusers.conf')));
  for (const name of readdirSync(DEPLOY).filter((one) => /\.(service|socket)$/.test(one))) {
    put(`usr/lib/systemd/system/${name}`, installedUnit(name));
  }
  const docs = 'usr/share/doc/bootlayer';
  for (const name of readdirSync(DEPLOY).filter((one) => /\.(yaml|conf|json)$/.test(one))) {
    put(`${docs}/examples/${name}`, readFileSync(join(DEPLOY, name)));
  }
  put(`${docs}/copyright`, readFileSync(join(OWN, 'copyright')));
  put(`${docs}/licences.gz`, zipped(licences()));
  put(`${docs}/changelog.gz`, zipped(changelog(described)));
  for (const name of ['README.md', 'CHANGELOG.md']) put(`${docs}/${name}.gz`, zipped(readFileSync(join(ROOT, name))));
}

/** As small as Debian's policy wants it. @param {string | Uint8Array} text */
function zipped(text) {
  return gzipSync(text, { level: 9 });
}

/** Debian's own (deb-changelog(5)), of this version alone. @param {Described} described */
function changelog({ version, epoch, maintainer }) {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `bootlayer (${version}) unstable; urgency=medium

  * CHANGELOG.md.gz beside this file says what is new.

 -- ${maintainer}  ${date}
`;
}

/** Who answers for the package, as Debian's own tools are told it (dch(1)). Throws SetupError. */
function maintainerOf({ DEBFULLNAME = 'The Bootlayer authors', DEBEMAIL = 'bootlayer@localhost' } = process.env) {
  const maintainer = `${DEBFULLNAME} <${DEBEMAIL}>`;
  if (/^[^<>\p{Cc}]+ <[^<>@\s]+@[^<>@\s]+>$/u.test(maintainer)) return maintainer;
  throw new SetupError(`"${maintainer}" is no maintainer`, 'set DEBFULLNAME to a name, and DEBEMAIL to an address');
}

/** Of an installation by hand, they name Node. @param {string} name */
function installedUnit(name) {
  const text = readFileSync(join(DEPLOY, name), 'utf8').replaceAll(
    /[^\s=]*node \S+\/dist\/main\.js/g,
    '/usr/bin/bootlayer',
  );
  if (/\bnode\b|main\.js/.test(text)) throw new SetupError(`deploy/${name} starts another program than dist/main.js`);
  return text;
}

/** deb-control(5). @param {Described & { architecture: string, tree: string, needs: string }} described */
function controlFile({ version, maintainer, architecture, tree, needs }) {
  const bytes = filesIn(tree).reduce((sum, path) => sum + lstatSync(join(tree, path)).size, 0);
  return `Package: bootlayer
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: libc6 (>= ${needs}), libstdc++6, libgcc-s1, systemd | systemd-standalone-sysusers | systemd-sysusers
Recommends: ca-certificates, iputils-ping
Suggests: ipxe
Section: net
Priority: optional
Description: network boot server that boots machines from OCI images
 Boots bare metal from OCI images in the IronCore format by PXE, iPXE and
 UEFI HTTP Boot, with DHCP or beside another DHCP server, TFTP and HTTP.
 The program needs no Node.js, as it brings its own.
`;
}

/** @param {string} tree @param {string} control */
function layControl(tree, control) {
  const folder = join(tree, 'DEBIAN');
  const sums = filesIn(tree)
    .filter((path) => path !== CONFIGURATION && lstatSync(join(tree, path)).isFile())
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, path)))
          .digest('hex')}  ${path}\n`,
    );
  mkdirSync(folder);
  writeFileSync(join(folder, 'control'), control);
  writeFileSync(join(folder, 'conffiles'), `/${CONFIGURATION}\n`);
  writeFileSync(join(folder, 'md5sums'), sums.join(''));
  for (const name of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(OWN, name), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
}

/** What is no folder, in a constant order. @param {string} tree */
function filesIn(tree) {
  const paths = /** @type {string[]} */ (readdirSync(tree, { recursive: true }));
  return paths.filter((path) => !lstatSync(join(tree, path)).isDirectory()).sort();
}

/** The oldest glibc that has what they link to. @param {readonly Buffer[]} programs */
function glibcOf(programs) {
  const versions = programs.flatMap((program) =>
    [...program.toString('latin1').matchAll(/\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)/g)].map(([, minor]) => Number(minor)),
  );
  if (versions.length === 0) throw new SetupError('it does not show which glibc the program needs');
  return `2.${Math.max(...versions)}`;
}
