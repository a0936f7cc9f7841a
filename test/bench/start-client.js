/** Starts a server and tells when it answers, where it is run: `node start-client.js JOB`, in JSON, prints a `StartMeasured`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { memoryBytes } from '../setup/memory-bytes.js';

/**
 * `url`: what it answers; `rest`: for how many seconds it is left alone before its memory is looked at, 0 for not at all.
 * @typedef {{ command: readonly string[], url: string, rest: number }} StartJob
 * @typedef {{ milliseconds: number, residentBytes: number }} StartMeasured
 */

const ASK_MILLISECONDS = 4;
const LONGEST_MILLISECONDS = 30_000;

/** @param {StartJob} job @returns {Promise<StartMeasured>} */
async function measure({ command: [program = '', ...args], url, rest }) {
  const since = performance.now();
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(server, 'close');
  try {
    while (!(await isAnswered(url))) {
      const status = server.exitCode ?? server.signalCode;
      if (status !== null) throw new Error(`${program} ended with ${status}`);
      if (performance.now() - since > LONGEST_MILLISECONDS) throw new Error(`${program} does not answer`);
      await pause(ASK_MILLISECONDS);
    }
    const milliseconds = performance.now() - since;
    await pause(rest * 1_000);
    return { milliseconds, residentBytes: memoryBytes('VmRSS', server.pid) };
  } finally {
    server.kill();
    await ended;
  }
}

/** @param {string} url @returns {Promise<boolean>} */
function isAnswered(url) {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 1_000 }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

console.log(JSON.stringify(await measure(/** @type {StartJob} */ (JSON.parse(process.argv[2] ?? '')))));
