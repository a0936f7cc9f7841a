import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lookAtSystemd } from '../../src/cli/disk-port-holder.js';
import type { IpAddress } from '../../src/net/ip.js';
import { temporaryFolder } from '../fixtures/folder.js';

/** Linux' own table, beside a first process that is made up. */
it('tells a socket of systemd from one of somebody else', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  const at = { host: '127.0.0.1' as IpAddress, port: socket.address().port };
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
  const proc = await temporaryFolder();
  await mkdir(join(proc, '1/fd'), { recursive: true });
  await mkdir(join(proc, 'self/net'), { recursive: true });
  await writeFile(join(proc, 'self/net/udp'), await readFile('/proc/self/net/udp'));
  const seen = () => lookAtSystemd('udp', at, proc);
  await writeFile(join(proc, '1/comm'), 'systemd\n');
  await symlink('/dev/null', join(proc, '1/fd/0'));
  expect(await seen()).toBe('holds-not');
  await symlink(await readlink(`/proc/self/fd/${fd}`), join(proc, '1/fd/3'));
  expect(await seen()).toBe('holds');
  await writeFile(join(proc, '1/comm'), 'tini\n');
  expect(await seen()).toBe('holds-not');
  // No folder of links that this user may read.
  expect(await lookAtSystemd('udp', at, await hidden())).toBe('hidden');
});

async function hidden(): Promise<string> {
  const proc = await temporaryFolder();
  await mkdir(join(proc, '1'));
  await writeFile(join(proc, '1/comm'), 'systemd\n');
  await writeFile(join(proc, '1/fd'), '');
  return proc;
}
