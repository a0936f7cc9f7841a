import { createCipheriv, createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { payloadFiles } from '../setup/payload.js';
import { ChildProcess } from '../setup/process.js';
import { startRegistry } from '../setup/registry.js';
import { Segment } from '../setup/segment.js';
import { PROGRAM } from '../setup/server.js';
import { SetupError } from '../setup/steps.js';
import { Api } from './api.js';

const DOOR = fileURLToPath(new URL('door.js', import.meta.url));
export const SERVER = '192.168.77.1';
const ROUTER = '192.168.77.3';
/** Of the machines' segment, all of whose addresses are the router's own. */
export const RELAY = '10.80.0.1';
export const STRAYS = '10.80.255.9';
const SIZES = { kernel: 192 * 1024, initramfs: 512 * 1024, ballast: 24 * 1024 * 1024 };
const ARCHES = /** @type {const} */ (['amd64', 'arm64']);
const REPOSITORIES = { live: 'os/live', uki: 'os/uki' };
/** What machines of the group `moving` are assigned in turn. */
const MOVING = /** @type {const} */ (['os/blue', 'os/green']);
const LOADERS = ['snponly.efi', 'undionly.kpxe', 'ipxe-arm64.efi'];
/** Of a command that takes a second on a host that has nothing else to do. */
const PATIENCE_SECONDS = 240;
/** Firmware fetches some blocks of it. */
const LOADER_BYTES = 20_000;

/** A server's network with a registry in it, a router before all machines, and what the server is told. */
export class Site {
  folder = mkdtempSync(join(tmpdir(), 'bootlayer-soak-'));
  /** By the digest of a kernel, or of a UKI. @type {Map<string, import('./judge.js').Pushed>} */
  pushed = new Map();
  /** How often the mapping was written. */
  mappings = 0;
  /** @type {import('../setup/registry.js').Registry} */
  registry = /** @type {import('../setup/registry.js').Registry} */ (/** @type {unknown} */ (undefined));
  #versions = 0;
  /** @type {Segment} */
  #segment;
  /** @type {import('../setup/network-namespace.js').NetworkNamespace} */
  #router;
  /** @type {(() => Promise<unknown>)[]} */
  #undo = [];

  /** @param {Segment} segment @param {import('../setup/network-namespace.js').NetworkNamespace} router */
  constructor(segment, router) {
    this.#segment = segment;
    this.#router = router;
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** `seconds`: for how long at most. @param {{ seconds: number, machines: readonly import('./simulated-machine.js').Whose[] }} options */
  static async start({ seconds, machines }) {
    const segment = await Segment.start(`${SERVER}/24`, { seconds });
    try {
      const router = await segment.addHost(`${ROUTER}/24`);
      await router.ip('address', 'add', '10.80.0.0/16', 'dev', 'lo');
      await segment.network.ip('route', 'add', '10.80.0.0/16', 'via', ROUTER);
      const site = new Site(segment, router);
      await site.#fill(machines);
      return site;
    } catch (thrown) {
      await segment.stop();
      throw thrown;
    }
  }

  get withinServer() {
    return this.#segment.network.within;
  }

  get withinRouter() {
    return this.#router.within;
  }

  get config() {
    return join(this.folder, 'bootlayer.yaml');
  }

  get temporary() {
    return join(this.folder, 'tmp');
  }

  /** Files that a download or a command has left. */
  leftovers() {
    const ingest = join(this.folder, 'data/cache/ingest');
    return [this.temporary, ...(existsSync(ingest) ? [ingest] : [])].flatMap((folder) =>
      readdirSync(folder).map((name) => join(folder, name).slice(this.folder.length + 1)),
    );
  }

  /** The API of the server, whichever runs. */
  async openDoor() {
    const path = join(this.folder, 'api.sock');
    const [command = '', ...args] = [...this.withinServer, process.execPath, DOOR, path, '8081'];
    const door = new ChildProcess(command, args, { name: 'the door to the API' });
    this.#undo.push(() => door.stop());
    await door.waitForLine((line) => (line === 'open' ? true : undefined), 10);
    return new Api(path);
  }

  /** @param {number} share of all packets between the server and machines is lost */
  lose(share) {
    return this.#router.lose(share, 'packets');
  }

  /** A newer image under the tag that machines of the group `live` are assigned, for both architectures at once. */
  async push() {
    await this.#pushFiles(REPOSITORIES.live, 'next');
    const place = `${this.registry.host}/${REPOSITORIES.live}`;
    await this.#image(['push', '--plain-http', `${place}:next`, `${place}:stable`]);
  }

  /** Others are assigned to machines of the group `moving`, and to nobody. @returns {Promise<string>} the repository of the former */
  async remap() {
    this.mappings += 1;
    const moving = MOVING[this.mappings % MOVING.length] ?? MOVING[0];
    const ballast = `os/ballast-${this.mappings}`;
    await this.#build(`${ballast}:1`, 'amd64', this.#files(ballast, 'amd64', SIZES.ballast));
    const { host } = this.registry;
    const provision = 'provision: { ignition: { template: ./worker.ign } }';
    const lines = [
      'assignments:',
      `  - { name: live, match: { labels: { group: live } }, image: "${host}/${REPOSITORIES.live}:stable", kernelArgs: { append: ["done={done.url}"] }, ${provision} }`,
      `  - { name: uki, match: { labels: { group: uki } }, image: "${host}/${REPOSITORIES.uki}:1" }`,
      `  - { name: moving, match: { labels: { group: moving } }, image: "${host}/${moving}:1" }`,
      `  - { name: ballast, match: { labels: { group: nobody } }, image: "${host}/${ballast}:1" }`,
      `  - { name: strangers, match: {}, image: "${host}/${MOVING[0]}:1" }`,
    ];
    this.#write('mapping.yaml', lines);
    return moving;
  }

  /** What a machine of the group may be handed. @param {import('./book.js').Group} group @param {readonly string[]} moving */
  wantedBy(group, moving) {
    if (group === 'moving') return moving;
    return [group === 'live' ? REPOSITORIES.live : group === 'uki' ? REPOSITORIES.uki : MOVING[0]];
  }

  async stop() {
    for (const undo of this.#undo.reverse()) await undo();
    await this.#segment.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param {readonly import('./simulated-machine.js').Whose[]} machines */
  async #fill(machines) {
    this.registry = await startRegistry({ within: this.withinServer });
    this.#undo.push(() => this.registry.stop());
    for (const name of ['ipxe', 'data', 'tmp']) mkdirSync(join(this.folder, name));
    for (const name of LOADERS)
      writeFileSync(join(this.folder, 'ipxe', name), `it is ${name}`.padEnd(LOADER_BYTES, '.'));
    writeFileSync(join(this.folder, 'worker.ign'), '{"ignition":{"version":"3.4.0"},"name":"{{ machine.name }}"}');
    const known = machines.filter(({ group }) => group !== 'strangers');
    this.#write('machines.yaml', [
      'machines:',
      ...known.map(({ name, mac, group }) => `  - { name: ${name}, mac: "${mac}", labels: { group: ${group} } }`),
    ]);
    this.#write('bootlayer.yaml', [
      `advertise: ${SERVER}`,
      'data: data',
      'dhcp:',
      '  mode: server',
      '  allowOtherServers: true',
      '  probe: false',
      '  subnets:',
      `    - { subnet: 192.168.77.0/24 }`,
      `    - { subnet: 10.80.0.0/16, range: 10.80.1.0-10.80.16.255, lease: 2m }`,
      `identity: { trustedRelays: [${RELAY}] }`,
      `ipxe: { binaries: "${join(this.folder, 'ipxe')}" }`,
      'cache: { maxSize: 160MiB }',
      `registries: { "${this.registry.host}": { plainHttp: true } }`,
      'include: [ machines.yaml, mapping.yaml ]',
    ]);
    for (const repository of MOVING) await this.#pushFiles(repository, '1');
    await this.push();
    await this.#pushUkis();
    await this.remap();
  }

  /** @param {string} repository @param {string} tag */
  async #pushFiles(repository, tag) {
    this.#versions += 1;
    const version = this.#versions;
    for (const arch of ARCHES) {
      const files = this.#files(`${repository} ${version} ${arch}`, arch, SIZES.initramfs);
      this.pushed.set(files.digests.kernel, { repository, version, arch, initramfs: files.digests.initramfs });
      await this.#build(`${repository}:${tag}`, arch, files);
    }
    return version;
  }

  async #pushUkis() {
    for (const arch of ARCHES) {
      const { uki } = payloadFiles(arch);
      const sha256 = await digestOfFile(uki);
      this.pushed.set(sha256, { repository: REPOSITORIES.uki, version: 0, arch, initramfs: '' });
      await this.#build(`${REPOSITORIES.uki}:1`, arch, { args: ['--uki', uki] });
    }
  }

  /** Bytes of their own. @param {string} what @param {string} arch @param {number} bytes of the initramfs */
  #files(what, arch, bytes) {
    const make = (/** @type {'kernel' | 'initramfs'} */ role, /** @type {number} */ size) => {
      const noise = createCipheriv(
        'aes-128-ctr',
        createHash('md5').update(`${role} ${what}`).digest(),
        Buffer.alloc(16),
      );
      const contents = noise.update(Buffer.alloc(size));
      const file = join(this.folder, `${role}-${arch}`);
      writeFileSync(file, contents);
      return { args: [`--${role}`, file], digest: createHash('sha256').update(contents).digest('hex') };
    };
    const [kernel, initramfs] = [make('kernel', SIZES.kernel), make('initramfs', bytes)];
    const digests = { kernel: kernel.digest, initramfs: initramfs.digest };
    return { args: [...kernel.args, ...initramfs.args], digests };
  }

  /** @param {string} place @param {string} arch @param {{ args: string[] }} files */
  async #build(place, arch, { args }) {
    const reference = `${this.registry.host}/${place}`;
    const append = arch === 'arm64' ? ['--append'] : [];
    await this.#image(['build', '--plain-http', ...append, '--platform', `linux/${arch}`, ...args, reference]);
  }

  /** @param {readonly string[]} args of `image` */
  async #image(args) {
    const env = { ...process.env, TMPDIR: this.folder };
    const ran = await this.#segment.network.run([process.execPath, PROGRAM, 'image', ...args], {
      env,
      seconds: PATIENCE_SECONDS,
    });
    if (ran.status !== 0) throw new SetupError(`image ${args.join(' ')} ended with ${ran.status}\n${ran.out}`);
  }

  /** At once, or not at all. @param {string} name @param {readonly string[]} lines */
  #write(name, lines) {
    const file = join(this.folder, name);
    writeFileSync(`${file}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

/** @param {string} file */
async function digestOfFile(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(/** @type {Buffer} */ (chunk));
  return hash.digest('hex');
}
