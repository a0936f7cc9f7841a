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
  const whole = [...sudo, ...command];
  const advice = new SetupError(`QEMU is not installed (${missing.join(', ')})`, `install it with: ${whole.join(' ')}`);
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  if (!asRoot && !terminal) throw advice;
  if (!yes && terminal && !(await agreed(missing))) throw advice;
  await step(`installing ${missing.join(' ')}`, async () => {
    try {
      await runWhole(whole, !asRoot);
    } catch {
      // The machine's package lists may be missing or old.
      await runWhole([...sudo, 'apt-get', 'update', '-qq'], !asRoot);
      await runWhole(whole, !asRoot);
    }
  });
}

/** @param {readonly string[]} command @param {boolean} show sudo may ask for a password */
function runWhole([program = '', ...args], show) {
  return run(program, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, show });
}

/** @param {readonly string[]} packages */
async function agreed(packages) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Install ${packages.join(', ')} on this machine? [Y/n] `);
  terminal.close();
  return /^(y(es)?)?$/i.test(answer.trim());
}
