import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Pinged, Pinger, type PingerOptions } from '../../src/net/ping-process.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { ip } from '../fixtures/leases.js';
import { busyboxProgram } from '../setup/parts.js';

const SELF = ip('127.0.0.1');
const LONG = 10_000;

/** A folder in which that is a program. */
async function pathWith(script: string, name = 'ping'): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

function pinger(options: PingerOptions): Pinger {
  const made = new Pinger(options);
  onTestFinished(() => made.close());
  return made;
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
    { kind: 'failed', reason: 'ping failed (137): see that this user may run it, and that a route leads there' },
  ],
  ['exit 126', { kind: 'failed', reason: 'ping cannot run: see that this user may run it' }],
  ['test "$*" = "-n -c 1 -W 1 127.0.0.1"', { kind: 'answered' }],
])('reads what ping says: %s', async (script, expected) => {
  expect(await pinger({ path: await pathWith(script) }).ping(SELF, LONG)).toEqual(expected);
});

it('asks many at once, and tells each what it has found', async () => {
  const made = pinger({ path: await pathWith('for last; do :; done; exit $(( ${last##*.} % 2 ))') });
  const all = Array.from({ length: 20 }, (_, number) => made.ping(ip(`192.168.77.${number}`), LONG));
  const expected = all.map((_, number) => ({ kind: number % 2 === 0 ? 'answered' : 'quiet' }));
  expect(await Promise.all(all)).toEqual(expected);
});

it('waits for none that does not end, and ends it', async () => {
  const path = await pathWith('echo $$ > "$0.pid"; exec /bin/sleep 60');
  expect(await pinger({ path }).ping(SELF, 1_000)).toEqual({ kind: 'quiet' });
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

it('ends one of which it learns only when nobody waits any more', async () => {
  const path = await pathWith('echo $$ >> "$0.pid"; exec /bin/sleep 60');
  const made = pinger({ path });
  // Given up before the shell can have started it.
  expect(await Promise.all([made.ping(SELF, 0), made.ping(SELF, 0)])).toEqual([{ kind: 'quiet' }, { kind: 'quiet' }]);
  const pids = () => readFile(join(path, 'ping.pid'), 'utf8').catch(() => '');
  // A ping that is ended before it writes has no line, and is not there.
  await expect(made.ping(SELF, 1_000)).resolves.toEqual({ kind: 'quiet' });
  const started = (await pids())
    .split('\n')
    .filter((pid) => pid !== '')
    .map(Number);
  await vi.waitFor(() => expect(started.filter(isRunning)).toEqual([]), { timeout: 5_000 });
});

it('says that it is not installed', async () => {
  const reason = 'ping is not installed: install iputils-ping';
  expect(await pinger({ path: await temporaryFolder() }).ping(SELF, LONG)).toEqual({ kind: 'failed', reason });
});

it('says why no shell can start it', async () => {
  const reason = '/nowhere/sh, which starts ping, cannot run (ENOENT)';
  expect(await pinger({ shell: '/nowhere/sh' }).ping(SELF, LONG)).toEqual({ kind: 'failed', reason });
});

it('replaces a shell that ends, and tells all who wait for it', async () => {
  const shell = join(await pathWith('read -r id address; echo "$id status 0"; read -r id; exit 3', 'sh'), 'sh');
  const made = pinger({ shell });
  expect(await made.ping(SELF, LONG)).toEqual({ kind: 'answered' });
  const failed = { kind: 'failed', reason: `${shell}, which starts ping, has ended (3)` };
  expect(await made.ping(SELF, LONG)).toEqual(failed);
  expect(await made.ping(SELF, LONG)).toEqual({ kind: 'answered' });
});

it('has no shell of the user that this program was', async () => {
  const shell = join(
    await pathWith('echo $$ >> "$0.pids"; read -r id address; echo "$id status 0"; read -r id', 'sh'),
    'sh',
  );
  const made = pinger({ shell });
  const user = vi.spyOn(process, 'getuid').mockReturnValue(0);
  onTestFinished(() => user.mockRestore());
  expect(await made.ping(SELF, LONG)).toEqual({ kind: 'answered' });
  user.mockReturnValue(1_000);
  expect(await made.ping(SELF, LONG)).toEqual({ kind: 'answered' });
  const [first = 0, second = 0] = (await readFile(`${shell}.pids`, 'utf8')).split('\n').map(Number);
  await expect.poll(() => isRunning(first)).toBe(false);
  expect(isRunning(second)).toBe(true);
});

it('ends with its owner, who waits no longer, and finds nobody from then on', async () => {
  const shell = join(await pathWith('echo $$ > "$0.pid"; read -r id; read -r id', 'sh'), 'sh');
  const made = pinger({ shell });
  const waiting = made.ping(SELF, LONG);
  await expect.poll(() => readFile(`${shell}.pid`, 'utf8').catch(() => '')).toMatch(/\d\n/);
  made.close();
  expect([await waiting, await made.ping(SELF)]).toEqual([{ kind: 'quiet' }, { kind: 'quiet' }]);
  const pid = Number(await readFile(`${shell}.pid`, 'utf8'));
  await expect.poll(() => isRunning(pid)).toBe(false);
});

it('understands a real one', async () => {
  const path = await temporaryFolder();
  await symlink(busyboxProgram(), join(path, 'ping'));
  expect(await pinger({ path }).ping(SELF, LONG)).toEqual({ kind: 'answered' });
});
