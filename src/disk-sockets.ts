import { readFileSync, readlinkSync } from 'node:fs';

/** Whether an open UDP socket of this process is of IPv6, by Linux' own list of them (proc(5)). */
export function isIpv6Socket(fd: number): boolean {
  const inode = /\[(\d+)\]/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  const rows = readFileSync('/proc/self/net/udp6', 'utf8').split('\n');
  return inode !== undefined && rows.some((row) => row.trim().split(/\s+/)[9] === inode);
}
