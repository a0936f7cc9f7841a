import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../net/endpoint.js';
import { socketsAt } from '../net/socket-table.js';

/** Whether systemd, which opens sockets for services, has a port that somebody has. */
export type SystemdHolds = 'holds' | 'holds-not' | 'hidden';

/**
 * By Linux' lists of sockets, and of what the first process has open (proc(5)). `hidden`: this user may not see that. `proc`: where
 * they are. Never rejects.
 */
export async function lookAtSystemd(transport: 'tcp' | 'udp', at: Endpoint, proc = '/proc'): Promise<SystemdHolds> {
  const text = (path: string) => readFile(join(proc, path), 'utf8').catch(() => '');
  if ((await text('1/comm')).trim() !== 'systemd') return 'holds-not';
  const tables = await Promise.all([`self/net/${transport}`, `self/net/${transport}6`].map(text));
  const held = new Set(tables.flatMap((table) => socketsAt(table, at)).map((inode) => `socket:[${inode}]`));
  const folder = join(proc, '1/fd');
  try {
    const targets = (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(ifGone));
    return (await Promise.all(targets)).some((target) => held.has(target)) ? 'holds' : 'holds-not';
  } catch {
    return 'hidden';
  }
}

/** It may be closed meanwhile. */
function ifGone(thrown: NodeJS.ErrnoException): string {
  if (thrown.code === 'ENOENT') return '';
  throw thrown;
}
