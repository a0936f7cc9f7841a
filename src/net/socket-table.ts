import type { Endpoint } from './endpoint.js';
import { isIp4 } from './ip.js';

/** A TCP socket in the state LISTEN, and a UDP socket that is bound to no peer (Linux, include/net/tcp_states.h). */
const LISTENS: ReadonlySet<string> = new Set(['0A', '07']);
/** All addresses, of IPv4 and IPv6. */
const ANY = /^0+$/;

/**
 * The sockets that keep somebody else from a place, by their inodes: `text` is one of Linux' lists of them (/proc/net/tcp, tcp6,
 * udp or udp6; proc(5)). Those of one other address do not. Pure.
 */
export function socketsAt(text: string, { host, port }: Endpoint): readonly string[] {
  const wanted = isIp4(host) ? hexOf(host) : undefined;
  return text
    .split('\n')
    .slice(1)
    .flatMap((row) => {
      const [, local = '', , state = '', , , , , , inode = ''] = row.trim().split(/\s+/);
      const [address = '', hexPort = ''] = local.split(':');
      if (Number.parseInt(hexPort, 16) !== port || !LISTENS.has(state) || inode === '0') return [];
      // Of an IPv6 address, which Linux writes in words of the machine's byte order, any is taken.
      const isOther = wanted !== undefined && address.length === wanted.length && address !== wanted;
      return isOther && !ANY.test(address) && !ANY.test(wanted) ? [] : [inode];
    });
}

/** As Linux writes it, in the byte order of the machine: little-endian on all that Node runs on but s390x. */
function hexOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase());
  return bytes.toReversed().join('');
}
