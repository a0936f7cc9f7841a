import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Another one with each start of the system, and nothing else (random(4)). */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Which start of the system this is; where that cannot be told, each start of ours counts as one. */
export async function readSystemStart(file = BOOT_ID): Promise<string> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return text.trim() || randomUUID();
}

/**
 * Milliseconds since the start of the system, without those that it slept: whoever has a lease may have gone on counting, which
 * ends it earlier for him than for us. Only forward, whatever becomes of the time of day (CLOCK_MONOTONIC, which is Node's).
 */
export function uptime(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
