import { BootlayerError, systemErrorCode } from '../errors.js';
import type { Peer } from './datagram.js';
import { formatEndpoint } from './endpoint.js';

/** Where something is to listen. */
export type ListenPlace = {
  /** An address, or a socket that whoever started the server has opened. */
  readonly at: Peer | { readonly fd: number };
  /** Of the configuration. */
  readonly key: string;
  /** Of the inherited socket, where it is one. */
  readonly name: string;
};

/** What is opened there. Rejects with PORT_UNAVAILABLE where the system refuses. */
export function openedAt<T>(place: ListenPlace, opening: Promise<T>): Promise<T> {
  return opening.catch((cause: unknown) => {
    throw cannotOpen(place, cause);
  });
}

/** PORT_UNAVAILABLE of the system's error. */
export function cannotOpen({ at, key, name }: ListenPlace, cause: unknown): BootlayerError {
  if ('fd' in at) return cannotInherit(at.fd, name, cause);
  return cannotListen(formatEndpoint({ host: at.address, port: at.port }), key, cause);
}

function cannotListen(where: string, key: string, cause: unknown): BootlayerError {
  const [why, remedy] = explain(systemErrorCode(cause), key, cause);
  return new BootlayerError('PORT_UNAVAILABLE', `cannot listen on ${where}: ${why}`, { remedy, cause });
}

function cannotInherit(fd: number, name: string, cause: unknown): BootlayerError {
  const isStream = name === 'http' || name === 'https';
  const remedy = `FileDescriptorName=${name} is for ${isStream ? 'ListenStream=' : 'ListenDatagram='} of an IP address`;
  return new BootlayerError('PORT_UNAVAILABLE', `cannot use the inherited socket ${fd}: ${String(cause)}`, {
    remedy,
    cause,
  });
}

function explain(code: string | undefined, key: string, cause: unknown): readonly [string, string] {
  switch (code) {
    case 'EADDRINUSE':
      return ['another program listens there already', `end it (ss -lnp names it), or ${otherwise(key)}`];
    case 'EACCES':
      return ['that needs privileges', `grant CAP_NET_BIND_SERVICE, ${elsewise(key)}or ${otherwise(key)}`];
    case 'EADDRNOTAVAIL':
      return ['this host does not have that address', `set ${key} to an address of this host`];
    default:
      return [String(cause), `set ${key} to another address or port`];
  }
}

/** Firmware asks at the protocols' own ports, and at no others. */
const OF_FIRMWARE: Readonly<Record<string, { readonly off: string; readonly bySystemd: string }>> = {
  'tftp.listen': { off: 'tftp: { enabled: false }', bySystemd: 'deploy/bootlayer-tftp.socket' },
  'dhcp.listen': { off: 'dhcp: { mode: off }', bySystemd: 'bootlayer check prints the units' },
};

function otherwise(key: string): string {
  const firmware = OF_FIRMWARE[key];
  return firmware === undefined ? `set ${key} to another port` : `turn it off with "${firmware.off}"`;
}

function elsewise(key: string): string {
  const firmware = OF_FIRMWARE[key];
  return firmware === undefined ? '' : `start as root with "user" set, let systemd open it (${firmware.bySystemd}), `;
}
