import { BootlayerError } from './errors.js';
import type { InheritedSocket } from './net/udp-socket.js';

/** Sockets that whoever started the server has opened for it (systemd: sd_listen_fds(3)), by what they are for. */
export type InheritedSockets = {
  readonly http: readonly number[];
  readonly https: readonly number[];
  readonly tftp: readonly InheritedSocket[];
  /** By the interface that they are bound to: of DHCP's port, and of the PXE boot server's. */
  readonly dhcp: ReadonlyMap<string, { readonly dhcp: InheritedSocket; readonly pxe: InheritedSocket }>;
};

export type InheritedParts = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Whether an open socket is of IPv6. */
  readonly isIpv6: (fd: number) => boolean;
};

/** Behind stdin, stdout and stderr. */
const FIRST = 3;
const NONE: InheritedSockets = { http: [], https: [], tftp: [], dhcp: new Map() };
const NAMES: ReadonlySet<string> = new Set(['http', 'https', 'tftp']);
/** `dhcp-br0` and `pxe-br0`. */
const OF_INTERFACE = /^(dhcp|pxe)-(.+)$/;

/** None, where they are for another process. Throws CONFIG_INVALID for one that nobody knows what to do with. */
export function inheritedSockets({ env, pid, isIpv6 }: InheritedParts): InheritedSockets {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = env;
  const count = Number(LISTEN_FDS);
  if (LISTEN_PID !== String(pid) || !Number.isSafeInteger(count) || count < 1 || count > 1_000) return NONE;
  const names = LISTEN_FDNAMES.split(':');
  const named = Array.from({ length: count }, (_one, index) => ({ fd: FIRST + index, name: names[index] ?? '' }));
  const stray = named.find(({ name }) => !NAMES.has(name) && !OF_INTERFACE.test(name));
  if (stray !== undefined) throw strange(stray);
  const fds = (wanted: string) => named.filter(({ name }) => name === wanted).map(({ fd }) => fd);
  const tftp = fds('tftp').map((fd) => ({ fd, isIpv6: isIpv6(fd) }));
  return { http: fds('http'), https: fds('https'), tftp, dhcp: pairsOf(named) };
}

type Named = { readonly fd: number; readonly name: string };

/** Both ports of each interface. */
function pairsOf(named: readonly Named[]): InheritedSockets['dhcp'] {
  const interfaces = new Set(named.flatMap(({ name }) => OF_INTERFACE.exec(name)?.[2] ?? []));
  return new Map(
    [...interfaces].map((wanted) => {
      const socket = (kind: 'dhcp' | 'pxe') => {
        const found = named.find(({ name }) => name === `${kind}-${wanted}`);
        if (found === undefined) throw halfAPair(`${kind}-${wanted}`);
        return { fd: found.fd, isIpv6: false };
      };
      return [wanted, { dhcp: socket('dhcp'), pxe: socket('pxe') }];
    }),
  );
}

function halfAPair(name: string): BootlayerError {
  return new BootlayerError(
    'CONFIG_INVALID',
    `DHCP needs two sockets of each interface, and ${name} is not inherited`,
    {
      remedy: 'bootlayer check prints the systemd units of both',
    },
  );
}

function strange({ fd, name }: Named): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', `nobody knows what the inherited socket ${fd}, named "${name}", is for`, {
    remedy:
      'name it in its systemd socket unit: FileDescriptorName=tftp, http, https, or dhcp-<interface> and pxe-<interface>',
  });
}
