import { BootlayerError, systemErrorCode } from '../errors.js';

/** PORT_UNAVAILABLE of the system's error; `key`: of the configuration. */
export function cannotListen(where: string, key: string, cause: unknown): BootlayerError {
  const [why, remedy] = explain(systemErrorCode(cause), key, cause);
  return new BootlayerError('PORT_UNAVAILABLE', `cannot listen on ${where}: ${why}`, { remedy, cause });
}

/** The same of a socket that whoever started the server has opened. */
export function cannotInherit(fd: number, kind: 'tftp' | 'http' | 'https', cause: unknown): BootlayerError {
  const remedy = `FileDescriptorName=${kind} is for ${kind === 'tftp' ? 'ListenDatagram=' : 'ListenStream='} of an IP address`;
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

/** Firmware asks at TFTP's own port, and at no other. */
function otherwise(key: string): string {
  return key === 'tftp.listen' ? 'turn it off with "tftp: { enabled: false }"' : `set ${key} to another port`;
}

function elsewise(key: string): string {
  return key === 'tftp.listen'
    ? 'start as root with "user" set, let systemd open it (deploy/bootlayer-tftp.socket), '
    : '';
}
