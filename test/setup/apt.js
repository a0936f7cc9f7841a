import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alone } from './alone.js';
import { mainMirror, parseDeb822, parseList } from './apt-sources.js';
import { PARTS, run } from './command.js';
import { debianRelease } from './debian-release.js';
import { SetupError } from './steps.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ARCHITECTURES = ['amd64', 'arm64'];

/**
 * @typedef {{ name: string, architecture: string, needs?: readonly string[] }} Package `architecture`: any of ours for one that fits
 *   all; `needs`: the packages that are unpacked in its folder too, which makes it the root of a system
 */

/**
 * An apt of our own for one Debian release: its packages are fetched and unpacked, never installed, and the machine's
 * apt knows nothing of it. Mirror, keyring and proxies are the machine's own.
 */
export class PrivateApt {
  /** @type {string} */
  release;
  /** @type {string} */
  #folder;

  /** @param {string} release `bookworm` */
  constructor(release) {
    this.release = release;
    this.#folder = join(PARTS, `apt-${release}`);
  }

  /** Where a package is unpacked. @param {Package} wanted */
  folder({ name, architecture }) {
    return join(PARTS, this.release, `${name}-${architecture}`);
  }

  /** Fetches and unpacks what is not there yet, alone in its folder. @param {readonly Package[]} wanted */
  async unpack(wanted) {
    if (wanted.every((one) => existsSync(this.folder(one)))) return;
    await alone(`${this.#folder}.lock`, () => this.#unpackMissing(wanted));
  }

  /** @param {readonly Package[]} wanted */
  async #unpackMissing(wanted) {
    const missing = wanted.filter((one) => !existsSync(this.folder(one)));
    if (missing.length === 0) return;
    await this.#configure();
    await run('apt-get', ['update', '-qq'], { env: this.#env() });
    const debs = join(this.#folder, 'debs');
    rmSync(debs, { recursive: true, force: true });
    mkdirSync(debs, { recursive: true });
    for (const one of missing) await this.#unpackOne(one, join(debs, `${one.name}-${one.architecture}`));
    // apt's index of the lists: large, and quickly made again.
    rmSync(join(this.#folder, 'cache'), { recursive: true });
  }

  /** @param {Package} wanted @param {string} debs a folder for it alone */
  async #unpackOne(wanted, debs) {
    const unpacked = `${this.folder(wanted)}.part`;
    rmSync(unpacked, { recursive: true, force: true });
    for (const scratch of [debs, unpacked]) mkdirSync(scratch, { recursive: true });
    const names = [await this.#realName(wanted), ...(wanted.needs ?? [])].map(
      (name) => `${name}:${wanted.architecture}`,
    );
    await run('apt-get', ['download', '-qq', ...names], { cwd: debs, env: this.#env() });
    for (const deb of readdirSync(debs)) await run('dpkg-deb', ['-x', join(debs, deb), unpacked]);
    renameSync(unpacked, this.folder(wanted));
    rmSync(debs, { recursive: true });
  }

  /** Kernels come by a meta package that depends on the newest one. @param {Package} wanted */
  async #realName({ name, architecture }) {
    if (!name.startsWith('linux-image-')) return name;
    const depends = await run('apt-cache', ['depends', `${name}:${architecture}`], { env: this.#env() });
    return kernelPackage(depends) ?? name;
  }

  async #configure() {
    for (const folder of [
      'etc/apt.conf.d',
      'etc/preferences.d',
      'etc/sources.list.d',
      'etc/trusted.gpg.d',
      'state/lists/partial',
      'cache/archives/partial',
    ]) {
      mkdirSync(join(this.#folder, folder), { recursive: true });
    }
    const { uri, signedBy } = ownMirror();
    // The machine's own keyring may hold the keys of its own release only.
    const keyrings = new Set([signedBy ?? KEYRING, KEYRING]);
    const signers = [...keyrings].filter((file) => existsSync(file)).join(',');
    writeFileSync(join(this.#folder, 'etc/sources.list'), `deb [signed-by=${signers}] ${uri} ${this.release} main\n`);
    const settings = aptSettings(this.#folder, await run('apt-config', ['dump']), process.getuid?.() === 0);
    // A proxy's address may hold a password.
    writeFileSync(join(this.#folder, 'apt.conf'), settings, { mode: 0o600 });
  }

  #env() {
    return { ...process.env, APT_CONFIG: join(this.#folder, 'apt.conf'), LC_ALL: 'C' };
  }
}

/**
 * The newest kernel's package. Exported for its test.
 * @param {string} depends what `apt-cache depends` says of the meta package
 */
export function kernelPackage(depends) {
  return /Depends: (linux-image-[^\s:]+)/.exec(depends)?.[1];
}

/**
 * apt.conf(5) of a private state that reaches the mirror as this machine does. Exported for its test.
 * @param {string} folder
 * @param {string} ownSettings what `apt-config dump` says
 * @param {boolean} asRoot
 */
export function aptSettings(folder, ownSettings, asRoot) {
  const settings = [
    `Dir::Etc "${folder}/etc";`,
    `Dir::State "${folder}/state";`,
    'Dir::State::status "/dev/null";',
    `Dir::Cache "${folder}/cache";`,
    `APT::Architectures { ${ARCHITECTURES.map((name) => `"${name}";`).join(' ')} };`,
    // As root, apt would drop to a user that may not read a checkout.
    ...(asRoot ? ['APT::Sandbox::User "root";'] : []),
    'Acquire::Languages "none";',
    // Proxies, certificates, retries: whatever this machine needs to reach its mirror.
    ...ownSettings.split('\n').filter((line) => /^Acquire::(?!Languages)/.test(line)),
  ];
  return `${settings.join('\n')}\n`;
}

/** The machine's own mirror of Debian. */
function ownMirror() {
  const sources = sourceFiles().flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return file.endsWith('.sources') ? parseDeb822(text) : parseList(text);
  });
  const mirror = mainMirror(sources, debianRelease());
  if (mirror !== undefined) return mirror;
  throw new SetupError('no Debian mirror in the apt sources of this machine', 'add one to /etc/apt/sources.list.d');
}

function sourceFiles() {
  const folder = '/etc/apt/sources.list.d';
  const more = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.(sources|list)$/.test(name))
        .sort()
    : [];
  return ['/etc/apt/sources.list', ...more.map((name) => join(folder, name))].filter((file) => existsSync(file));
}
