import { BootlayerError, systemErrorCode } from '../errors.js';

/** PORT_UNAVAILABLE of the system's error; `key`: of the configuration. */
export function cannotListen(where: string, key: string, cause: unknown): BootlayerError {
  const [why, remedy] = explain(systemErrorCode(cause), key, cause);
  return new BootlayerError('PORT_UNAVAILABLE', `cannot listen on ${where}: ${why}`, { remedy, cause });
}

function explain(code: string | undefined, key: string, cause: unknown): readonly [string, string] {
  switch (code) {
    case 'EADDRINUSE':
      return ['another program listens there already', `end it, or set ${key} to another port`];
    case 'EACCES':
      return ['that needs privileges', `grant CAP_NET_BIND_SERVICE, or set ${key} to a port from 1024 up`];
    case 'EADDRNOTAVAIL':
      return ['this host does not have that address', `set ${key} to an address of this host`];
    default:
      return [String(cause), `set ${key} to another address or port`];
  }
}
