import { createInterface } from 'node:readline/promises';
import { onPath, run } from './command.js';
import { SetupError, step } from './steps.js';

/** What must really be installed, by the program that shows it is there. None of these starts a service. */
const PACKAGES = { 'qemu-system-x86_64': 'qemu-system-x86', 'qemu-system-aarch64': 'qemu-system-arm' };

/** @typedef {keyof typeof PACKAGES} Emulator */

/**
 * Installs what is missing: root without a terminal goes ahead, a person is asked once, and whoever may not install
 * is told the command.
 * @param {readonly Emulator[]} emulators
 * @param {{ yes: boolean }} options
 */
export async function installEmulators(emulators, { yes }) {
  const missing = emulators.filter((name) => onPath(name) === undefined).map((name) => PACKAGES[name]);
  if (missing.length === 0) return;
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  const asRoot = process.getuid?.() === 0;
  const sudo = asRoot ? [] : ['sudo'];
  const shown = [...sudo, ...command].join(' ');
  const advice = new SetupError(`QEMU is not installed (${missing.join(', ')})`, `install it with: ${shown}`);
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  if (!asRoot && !terminal) throw advice;
  if (!yes && terminal && !(await agreed(missing))) throw advice;
  await step(`installing ${missing.join(' ')}`, async () => {
    try {
      await runAsRoot(command, sudo);
    } catch {
      // The machine's package lists may be missing or old.
      await runAsRoot(['apt-get', 'update', '-qq'], sudo);
      await runAsRoot(command, sudo);
    }
  });
}

/** @param {readonly string[]} command @param {readonly string[]} sudo it may ask for a password */
function runAsRoot(command, sudo) {
  const [program = '', ...args] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
  return run(program, args, { show: sudo.length > 0 });
}

/** @param {readonly string[]} packages */
async function agreed(packages) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Install ${packages.join(', ')} on this machine? [Y/n] `);
  terminal.close();
  return /^(y(es)?)?$/i.test(answer.trim());
}
