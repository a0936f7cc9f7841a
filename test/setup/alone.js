import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError, say } from './steps.js';

const LOOK_MILLISECONDS = 200;
const LONGEST_MILLISECONDS = 20 * 60_000;

/**
 * Does it while nobody else does what goes by the same file, whichever process that is in: it waits for them, and not for who has been
 * killed. Throws a SetupError after twenty minutes.
 * @template T
 * @param {string} file in which the number of the process is, while it works
 * @param {() => Promise<T>} work
 * @param {number} [longest] milliseconds
 * @returns {Promise<T>}
 */
export async function alone(file, work, longest = LONGEST_MILLISECONDS) {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, String(process.pid));
  try {
    await take(own, file, longest);
  } finally {
    rmSync(own);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} own @param {string} file @param {number} longest */
async function take(own, file, longest) {
  let isTold = false;
  for (const until = performance.now() + longest; !takes(own, file); ) {
    const holder = holderOf(file);
    if (holder !== undefined && !isRunning(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (performance.now() > until)
      throw new SetupError(`${file} is held by process ${holder}`, 'end that, or wait for it, and try again');
    if (!isTold) say(`waiting for process ${holder}, which sets up in this checkout ...`);
    isTold = true;
    await sleep(LOOK_MILLISECONDS);
  }
}

/** A link is made for one alone, with what is in it. @param {string} own @param {string} file */
function takes(own, file) {
  try {
    linkSync(own, file);
    return true;
  } catch (thrown) {
    if (/** @type {NodeJS.ErrnoException} */ (thrown).code !== 'EEXIST') throw thrown;
    return false;
  }
}

/** undefined where it is given back meanwhile. @param {string} file */
function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return /** @type {NodeJS.ErrnoException} */ (thrown).code === 'EPERM';
  }
}
