import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Pinged, ping } from '../../src/net/ping-process.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { ip } from '../fixtures/leases.js';
import { busyboxProgram } from '../setup/parts.js';

const SELF = ip('127.0.0.1');

/** A folder in which that is `ping`. */
async function pathWith(script: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'ping'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

it.each<readonly [string, Pinged]>([
  ['exit 0', { kind: 'answered' }],
  ['exit 1', { kind: 'quiet' }],
  [
    'exit 2',
    { kind: 'failed', reason: 'ping failed (2): see that this user may run it, and that a route leads there' },
  ],
  [
    'kill -9 $$',
    { kind: 'failed', reason: 'ping failed (SIGKILL): see that this user may run it, and that a route leads there' },
  ],
  ['test "$*" = "-n -c 1 -W 1 127.0.0.1"', { kind: 'answered' }],
])('reads what ping says: %s', async (script, expected) => {
  expect(await ping(SELF, { path: await pathWith(script), maxMilliseconds: 10_000 })).toEqual(expected);
});

it('waits for none that does not end, and ends it', async () => {
  const path = await pathWith('echo $$ > "$0.pid"; exec /bin/sleep 60');
  expect(await ping(SELF, { path, maxMilliseconds: 1_000 })).toEqual({ kind: 'quiet' });
  const pid = Number(await readFile(join(path, 'ping.pid'), 'utf8'));
  await expect.poll(() => isRunning(pid)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('says that it is not installed', async () => {
  const reason = 'ping is not installed: install iputils-ping';
  expect(await ping(SELF, { path: await temporaryFolder() })).toEqual({ kind: 'failed', reason });
});

it('understands a real one', async () => {
  const path = await temporaryFolder();
  await symlink(busyboxProgram(), join(path, 'ping'));
  expect(await ping(SELF, { path, maxMilliseconds: 10_000 })).toEqual({ kind: 'answered' });
});
