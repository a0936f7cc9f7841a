import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import { onPath } from './command.js';
import { SetupError } from './steps.js';

/** What runs now. @type {Set<ChildProcess>} */
const running = new Set();
let ending = false;

/** Ends everything that runs, and nothing starts any more: whoever waits for one of them fails. */
export function endAll() {
  ending = true;
  for (const child of running) child.kill();
}

process.once('exit', endAll);

/** A program of ours that runs until it is stopped. Its output is read line by line. */
export class ChildProcess {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #name;
  /** @type {Set<(line: string) => void>} */
  #listeners = new Set();
  /** @type {string[]} */
  #lines = [];
  /** What it wrote to its standard output since the last line. */
  #unfinished = '';
  /** @type {NodeJS.Signals | undefined} */
  #asked;
  /** How it ended. @type {Promise<number | string>} */
  ended;

  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {{ name: string, env?: NodeJS.ProcessEnv, cwd?: string }} options
   */
  constructor(command, args, { name, env = process.env, cwd }) {
    if (ending) throw new SetupError(`${name} is not started any more`);
    this.#name = name;
    const [program, ...rest] = tied(command, args);
    // In a group of its own: a terminal's Ctrl-C is for us, and we stop it in order.
    this.#child = spawn(program, rest, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(this);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#heard(line));
    }
    const decoder = new StringDecoder();
    this.#child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
      this.#unfinished = (this.#unfinished + decoder.write(chunk)).split('\n').at(-1)?.slice(-500) ?? '';
    });
    // It is a line then.
    this.#child.stdout?.once('end', () => {
      this.#unfinished = '';
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
    });
    void this.ended.then(() => running.delete(this));
  }

  get pid() {
    return this.#child.pid;
  }

  /** The last lines it wrote. */
  get lines() {
    return this.#lines;
  }

  /** @param {(line: string) => void} listener */
  onLine(listener) {
    this.#listeners.add(listener);
  }

  /**
   * The first line that the reader makes something of, also of those before. Throws when the program ends or too much
   * time passes.
   * @template T
   * @param {(line: string) => T | undefined} reader
   * @param {number} seconds
   * @returns {Promise<T>}
   */
  async waitForLine(reader, seconds) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    /** @type {((line: string) => void) | undefined} */
    let listener;
    /** @type {Promise<T>} */
    const found = new Promise((resolve) => {
      listener = (line) => {
        const result = reader(line);
        if (result !== undefined) resolve(result);
      };
      this.#lines.forEach(listener);
      this.#listeners.add(listener);
    });
    /** @type {Promise<never>} */
    const failed = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(this.#problem(`said nothing of the kind within ${seconds} s`)), seconds * 1000);
      void this.ended.then((status) => reject(this.#problem(`ended with ${status}`)));
    });
    try {
      return await Promise.race([found, failed]);
    } finally {
      clearTimeout(timer);
      if (listener !== undefined) this.#listeners.delete(listener);
    }
  }

  /** @param {NodeJS.Signals} [signal] */
  kill(signal = 'SIGTERM') {
    // Asked twice, a server ends at once.
    if (this.#asked === signal) return;
    this.#asked = signal;
    this.#child.kill(signal);
  }

  /** Ends it, by force when it does not listen. */
  async stop(seconds = 10) {
    this.kill();
    const timer = setTimeout(() => this.kill('SIGKILL'), seconds * 1000);
    const status = await this.ended;
    clearTimeout(timer);
    return status;
  }

  /** @param {string} line */
  #heard(line) {
    this.#lines.push(line);
    if (this.#lines.length > 500) this.#lines.shift();
    for (const listener of this.#listeners) listener(line);
  }

  /** @param {string} why */
  #problem(why) {
    const last = this.#unfinished === '' ? [] : [this.#unfinished];
    return new SetupError(`${this.#name} ${why}\n${[...this.#lines.slice(-20), ...last].join('\n')}`);
  }
}

/**
 * Linux ends it with us, however we end: a test runner that is killed runs no handlers. It keeps the process id.
 * @param {string} command @param {readonly string[]} args
 * @returns {[string, ...string[]]}
 */
function tied(command, args) {
  const setpriv = onPath('setpriv');
  return setpriv === undefined ? [command, ...args] : [setpriv, '--pdeathsig', 'SIGTERM', '--', command, ...args];
}
