import { readFileSync, readlinkSync } from 'node:fs';
import { BootlayerError } from './errors.js';

/** Whether an open UDP socket of this process is of IPv6, by Linux' own lists of them (proc(5)). Throws CONFIG_INVALID. */
export function isIpv6Socket(fd: number): boolean {
  const inode = inodeOf(fd);
  if (inode !== undefined && inodesIn('udp6').has(inode)) return true;
  if (inode !== undefined && inodesIn('udp').has(inode)) return false;
  throw new BootlayerError('CONFIG_INVALID', `the inherited descriptor ${fd}, named "tftp", is no bound UDP socket`, {
    remedy: 'FileDescriptorName=tftp is for ListenDatagram= of an IP address',
  });
}

function inodeOf(fd: number): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}

/** None, where the kernel has no such protocol. */
function inodesIn(table: 'udp' | 'udp6'): ReadonlySet<string | undefined> {
  try {
    const rows = readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n');
    return new Set(rows.slice(1).map((row) => row.trim().split(/\s+/)[9]));
  } catch {
    return new Set();
  }
}
