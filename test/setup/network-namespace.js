import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { busyboxProgram, program } from './parts.js';
import { ChildProcess } from './process.js';
import { SetupError } from './steps.js';

/** It ends by itself when nobody ends it. */
const LONGEST_SECONDS = 1_200;

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

  /** `hasUsers`: all of this system's, which root alone can have. @param {{ hasUsers?: boolean }} [options] */
  static async start({ hasUsers = false } = {}) {
    const begin = `${busyboxProgram()} ip link set lo up && echo ready && exec sleep ${LONGEST_SECONDS}`;
    const args = [...(hasUsers ? [] : ['--user', '--map-root-user']), '--net', 'sh', '-c', begin];
    const holder = new ChildProcess('unshare', args, { name: 'a network namespace' });
    await holder.waitForLine((line) => (line === 'ready' ? true : undefined), 10);
    return new NetworkNamespace(holder, hasUsers);
  }

  stop() {
    return this.#holder.stop();
  }

  /** The command that runs the rest of its arguments in here. */
  get within() {
    const { pid } = this.#holder;
    const own = this.#hasUsers ? [] : ['--preserve-credentials', '--user'];
    return ['nsenter', ...own, '--net', `--target=${pid}`, '--'];
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
    const busybox = busyboxProgram();
    await this.#must([busybox, 'tunctl', '-t', name]);
    await this.#must([busybox, 'ip', 'address', 'add', address, 'dev', name]);
    await this.#must([busybox, 'ip', 'link', 'set', name, 'up']);
    return { name, within: this.within };
  }

  /** @param {readonly string[]} command @param {{ env?: NodeJS.ProcessEnv }} [options] */
  async #must(command, options) {
    const { status, out } = await this.run(command, options);
    if (status !== 0) throw new SetupError(`${command.join(' ')} ended with ${status}\n${out}`);
  }

  /**
   * From now on so much of all UDP packets is lost, each once: on loopback on its way in. DHCP is left alone: firmware asks it
   * four times in a minute.
   * @param {number} share 0.05 for one of twenty
   */
  async lose(share) {
    await this.#iptables('-F');
    if (share === 0) return;
    const lost = ['-m', 'statistic', '--mode', 'random', '--probability', String(share), '-j', 'DROP'];
    const dhcp = ['-p', 'udp', '-m', 'multiport', '!', '--ports', '67,68'];
    await this.#iptables('-A', 'INPUT', ...dhcp, ...lost);
    await this.#iptables('-A', 'OUTPUT', '!', '-o', 'lo', ...dhcp, ...lost);
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
    await this.#must([command, 'iptables', ...args], { env });
  }
}
