import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mainMirror, parseDeb822, parseList } from './apt-sources.js';
import { PARTS, run } from './command.js';
import { SetupError } from './steps.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ARCHITECTURES = ['amd64', 'arm64'];

/**
 * An apt of our own for one Debian release: its packages are fetched and unpacked, never installed, and the machine's
 * apt knows nothing of it. Mirror, keyring and proxies are the machine's own.
 */
export class PrivateApt {
  /** @type {string} */
  release;
  /** @type {string} */
  #folder;
  #updated = false;

  /** @param {string} release `bookworm` */
  constructor(release) {
    this.release = release;
    this.#folder = join(PARTS, `apt-${release}`);
  }

  /**
   * The folder a package is unpacked in, fetched when it is not there yet.
   * @param {string} name
   * @param {string} architecture
   * @returns {Promise<string>}
   */
  async unpack(name, architecture) {
    const folder = join(PARTS, this.release, `${name}-${architecture}`);
    if (existsSync(folder)) return folder;
    await this.#update();
    const debs = join(this.#folder, 'debs', `${name}-${architecture}`);
    const unpacked = `${folder}.part`;
    for (const scratch of [debs, unpacked]) {
      rmSync(scratch, { recursive: true, force: true });
      mkdirSync(scratch, { recursive: true });
    }
    await run('apt-get', ['download', '-qq', `${await this.#realName(name, architecture)}:${architecture}`], {
      cwd: debs,
      env: this.#env(),
    });
    for (const deb of readdirSync(debs)) await run('dpkg-deb', ['-x', join(debs, deb), unpacked]);
    renameSync(unpacked, folder);
    rmSync(debs, { recursive: true });
    return folder;
  }

  /** Kernels come by a meta package that depends on the newest one. @param {string} name @param {string} architecture */
  async #realName(name, architecture) {
    if (!name.startsWith('linux-image-')) return name;
    const depends = await run('apt-cache', ['depends', `${name}:${architecture}`], { env: this.#env() });
    return /Depends: (linux-image-[^\s:]+)/.exec(depends)?.[1] ?? name;
  }

  async #update() {
    if (this.#updated) return;
    await this.#configure();
    await run('apt-get', ['update', '-qq'], { env: this.#env() });
    this.#updated = true;
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
    writeFileSync(
      join(this.#folder, 'etc/sources.list'),
      `deb [signed-by=${signedBy ?? KEYRING}] ${uri} ${this.release} main\n`,
    );
    const settings = [
      `Dir::Etc "${this.#folder}/etc";`,
      `Dir::State "${this.#folder}/state";`,
      'Dir::State::status "/dev/null";',
      `Dir::Cache "${this.#folder}/cache";`,
      `APT::Architectures { ${ARCHITECTURES.map((name) => `"${name}";`).join(' ')} };`,
      // As root, apt would drop to a user that may not read a checkout.
      ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
      'Acquire::Languages "none";',
      // Proxies, certificates, retries: whatever this machine needs to reach its mirror.
      ...(await run('apt-config', ['dump'])).split('\n').filter((line) => /^Acquire::(?!Languages)/.test(line)),
    ];
    writeFileSync(join(this.#folder, 'apt.conf'), `${settings.join('\n')}\n`);
  }

  #env() {
    return { ...process.env, APT_CONFIG: join(this.#folder, 'apt.conf'), LC_ALL: 'C' };
  }
}

/** The machine's own mirror of Debian. */
function ownMirror() {
  const sources = sourceFiles().flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return file.endsWith('.sources') ? parseDeb822(text) : parseList(text);
  });
  const mirror = mainMirror(sources);
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
