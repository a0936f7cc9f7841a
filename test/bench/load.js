import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { memoryBytes } from '../setup/memory-bytes.js';

/**
 * A server that is measured. `pid`: whose processor time and memory count; `behind`: whose processor time does as well.
 * @typedef {{ port: number, path: string, pid: number, behind?: number }} Target
 * @typedef {import('./client.js').Load & { processorSeconds: number, peakBytes: number }} Measured
 */

const CLIENT = new URL('client.js', import.meta.url);
/** Linux counts processor time in these (proc(5), sysconf _SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

/**
 * Loads a server from a process of its own and answers what it took.
 * @param {Target} target
 * @param {Omit<import('./client.js').Job, 'port' | 'path'>} work
 * @returns {Promise<Measured>}
 */
export async function load({ port, path, pid, behind }, work) {
  const spent = () => processorSeconds(pid) + (behind === undefined ? 0 : processorSeconds(behind));
  const before = spent();
  /** @type {import('./client.js').Load} */
  const done = await new Promise((resolve, reject) => {
    const client = fork(CLIENT);
    client.once('message', (message) => resolve(/** @type {import('./client.js').Load} */ (message)));
    client.once('error', reject);
    client.once('exit', (code) => reject(new Error(`the load client ended with ${code}`)));
    client.send({ port, path, ...work });
  });
  return { ...done, processorSeconds: spent() - before, peakBytes: memoryBytes('VmHWM', pid) };
}

/** @param {number} pid */
export function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** From now on, the most memory in use is that of now (proc(5), clear_refs). @param {number} pid */
export function forgetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
