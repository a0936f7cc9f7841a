import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { busyboxProgram, program } from './parts.js';
import { ChildProcess } from './process.js';
import { SetupError } from './steps.js';

/** It ends by itself when nobody ends it. */
const LONGEST_SECONDS = 1_200;

/** What may be lost, for iptables(8). */
const LOST = {
  transfers: ['-p', 'udp', '-m', 'multiport', '!', '--ports', '67,68,4011'],
  datagrams: ['-p', 'udp'],
  packets: [],
};

/**
 * A network of its own, which nothing leaves: loopback, and what is added to it. An ordinary user is root in it.
 * @typedef {{ status: number | string, out: string }} Ran `out`: of both streams
 */
export class NetworkNamespace {
  /** @type {ChildProcess} */
  #holder;
  #hasUsers;

  /** @param {ChildProcess} holder @param {boolean} hasUsers */
  constructor(holder, hasUsers) {
    this.#holder = holder;
    this.#hasUsers = hasUsers;
  }

  /**
   * `hasUsers`: all of this system's, which root alone can have; `beside`: one whose root may move cards between the two; `seconds`:
   * for how long at most.
   * @param {{ hasUsers?: boolean, beside?: NetworkNamespace, seconds?: number }} [options]
   */
  static async start({ hasUsers = false, beside, seconds = LONGEST_SECONDS } = {}) {
    const begin = `${busyboxProgram()} ip link set lo up && echo ready && exec sleep ${seconds}`;
    const own = hasUsers ? [] : ['unshare', '--user', '--map-root-user', '--'];
    const enter = beside === undefined ? own : beside.#enterUsers;
    const [first = '', ...args] = [...enter, 'unshare', '--net', 'sh', '-c', begin];
    const holder = new ChildProcess(first, args, { name: 'a network namespace' });
    await holder.waitForLine((line) => (line === 'ready' ? true : undefined), 10);
    return new NetworkNamespace(holder, beside === undefined ? hasUsers : beside.#hasUsers);
  }

  stop() {
    return this.#holder.stop();
  }

  /** The process by which Linux knows it. */
  get pid() {
    return this.#holder.pid;
  }

  /** The command that runs the rest of its arguments in here. */
  get within() {
    const own = this.#hasUsers ? [] : ['--preserve-credentials', '--user'];
    return ['nsenter', ...own, '--net', `--target=${this.pid}`, '--'];
  }

  /** The command that runs the rest of its arguments as its root, in the network of the caller. */
  get #enterUsers() {
    return this.#hasUsers ? [] : ['nsenter', '--preserve-credentials', '--user', `--target=${this.pid}`, '--'];
  }

  /**
   * Runs a command to its end, which is near: one that takes longer is ended, with `timeout` for its status.
   * @param {readonly string[]} command
   * @param {{ seconds?: number, env?: NodeJS.ProcessEnv, cwd?: string, input?: string }} [options]
   * @returns {Promise<Ran>}
   */
  run(command, { seconds = 60, env = process.env, cwd, input = '' } = {}) {
    const [first = '', ...args] = [...this.within, ...command];
    const child = spawn(first, args, { env, ...(cwd !== undefined && { cwd }), stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    let out = '';
    let isLate = false;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (/** @type {Buffer} */ chunk) => {
        out += chunk;
      });
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, seconds * 1000);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        resolve({ status: isLate ? 'timeout' : (code ?? signal ?? 1), out });
      });
    });
  }

  /** A card for a virtual machine, and the address of this end of it. @param {string} name @param {string} address with `/24` */
  async addTap(name, address) {
    await this.must([busyboxProgram(), 'tunctl', '-t', name]);
    await this.ip('address', 'add', address, 'dev', name);
    await this.ip('link', 'set', name, 'up');
    return { name, within: this.within };
  }

  /** ip(8), as busybox has it. @param {readonly string[]} args */
  ip(...args) {
    return this.must([busyboxProgram(), 'ip', ...args]);
  }

  /** Runs what must not fail. @param {readonly string[]} command @param {{ env?: NodeJS.ProcessEnv }} [options] */
  async must(command, options) {
    const { status, out } = await this.run(command, options);
    if (status !== 0) throw new SetupError(`${command.join(' ')} ended with ${status}\n${out}`);
  }

  /**
   * From now on so much of all packets from and to here is lost, each once: on loopback on its way in. What two others say to
   * each other over a bridge in here is not touched.
   * @param {number} share 0.05 for one of twenty
   * @param {keyof typeof LOST} [what] `transfers`: UDP without DHCP, which firmware asks but four times in a minute; `datagrams`:
   *   DHCP too
   */
  async lose(share, what = 'transfers') {
    await this.#iptables('-F');
    if (share === 0) return;
    const lost = [...LOST[what], '-m', 'statistic', '--mode', 'random', '--probability', String(share), '-j', 'DROP'];
    await this.#iptables('-A', 'INPUT', ...lost);
    await this.#iptables('-A', 'OUTPUT', '!', '-o', 'lo', ...lost);
  }

  /** @param {readonly string[]} args */
  async #iptables(...args) {
    const { command, libraryPath, folder } = program('iptables');
    const triplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
    const env = {
      ...process.env,
      LD_LIBRARY_PATH: libraryPath,
      XTABLES_LIBDIR: join(folder, 'usr/lib', triplet, 'xtables'),
    };
    await this.must([command, 'iptables', ...args], { env });
  }
}
