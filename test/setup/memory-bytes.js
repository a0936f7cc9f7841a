import { readFileSync } from 'node:fs';

/**
 * Of a process that runs (proc(5)): what it has resident (VmRSS), or has had at most (VmHWM).
 * @param {'VmRSS' | 'VmHWM'} what @param {number} [pid]
 */
export function memoryBytes(what, pid = 0) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}
