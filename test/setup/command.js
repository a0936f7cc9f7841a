import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './steps.js';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Everything that is fetched or made, git-ignored. */
export const PARTS = join(ROOT, '.parts');

const KEPT_OUTPUT = 8_000;

/**
 * Runs a command to its end and answers what it wrote to stdout. Throws with its last lines when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean }} [options] show: to the terminal instead
 * @returns {Promise<string>}
 */
export async function run(command, args, { cwd = ROOT, env = process.env, show = false } = {}) {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
  });
  const output = { all: '', out: '' };
  child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
    output.out += chunk;
    output.all = (output.all + chunk).slice(-KEPT_OUTPUT);
  });
  child.stderr?.on('data', (/** @type {Buffer} */ chunk) => {
    output.all = (output.all + chunk).slice(-KEPT_OUTPUT);
  });
  const interruption = handOnSignals(child);
  /** @type {number | string} */
  const status = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new SetupError(`${command} cannot be started: ${error.message}`)));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  }).finally(interruption.stop);
  if (interruption.signal() !== undefined) throw new SetupError(`ended by ${interruption.signal()}`);
  if (status === 0) return output.out;
  const tail = output.all.trimEnd().split('\n').slice(-15).join('\n');
  throw new SetupError(`${command} ${args.join(' ')} ended with ${status}\n${tail}`);
}

/** A command that is ended in the middle is waited for: nothing goes on behind the user's back. */
function handOnSignals(/** @type {import('node:child_process').ChildProcess} */ child) {
  /** @type {NodeJS.Signals | undefined} */
  let seen;
  const handOn = (/** @type {NodeJS.Signals} */ signal) => {
    seen = signal;
    child.kill('SIGTERM');
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, handOn);
  const stop = () => {
    for (const signal of signals) process.off(signal, handOn);
  };
  return { signal: () => seen, stop };
}

/** @param {string} command @returns {string | undefined} its path */
export function onPath(command) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}
