import { BootlayerError } from './errors.js';
import type { InheritedSocket } from './net/udp-socket.js';

/** Sockets that whoever started the server has opened for it (systemd: sd_listen_fds(3)), by what they are for. */
export type InheritedSockets = {
  readonly http: readonly number[];
  readonly https: readonly number[];
  readonly tftp: readonly InheritedSocket[];
};

export type InheritedParts = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Whether an open socket is of IPv6. */
  readonly isIpv6: (fd: number) => boolean;
};

/** Behind stdin, stdout and stderr. */
const FIRST = 3;
const NONE: InheritedSockets = { http: [], https: [], tftp: [] };
const NAMES: ReadonlySet<string> = new Set(Object.keys(NONE));

/** None, where they are for another process. Throws CONFIG_INVALID for one that nobody knows what to do with. */
export function inheritedSockets({ env, pid, isIpv6 }: InheritedParts): InheritedSockets {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = env;
  const count = Number(LISTEN_FDS);
  if (LISTEN_PID !== String(pid) || !Number.isSafeInteger(count) || count < 1 || count > 1_000) return NONE;
  const names = LISTEN_FDNAMES.split(':');
  const named = Array.from({ length: count }, (_one, index) => ({ fd: FIRST + index, name: names[index] ?? '' }));
  const stray = named.find(({ name }) => !NAMES.has(name));
  if (stray !== undefined) throw strange(stray);
  const fds = (wanted: string) => named.filter(({ name }) => name === wanted).map(({ fd }) => fd);
  return { http: fds('http'), https: fds('https'), tftp: fds('tftp').map((fd) => ({ fd, isIpv6: isIpv6(fd) })) };
}

function strange({ fd, name }: { readonly fd: number; readonly name: string }): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', `nobody knows what the inherited socket ${fd}, named "${name}", is for`, {
    remedy: 'name it: FileDescriptorName=tftp, http or https in its systemd socket unit',
  });
}
