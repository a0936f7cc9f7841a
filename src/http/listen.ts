import type { FastifyInstance } from 'fastify';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { type Endpoint, formatEndpoint } from '../net/endpoint.js';

/** A script is answered within five seconds. */
const CLOSING_MILLISECONDS = 5_000;

/** Opens the port and answers where it really listens. Throws PORT_UNAVAILABLE, naming the configuration's key. */
export async function listen(app: FastifyInstance, { host, port }: Endpoint, key: string): Promise<Endpoint> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw cannotListen(formatEndpoint({ host, port }), key, cause);
  }
  const address = app.server.address();
  return { host, port: typeof address === 'object' && address !== null ? address.port : port };
}

function cannotListen(where: string, key: string, cause: unknown): BootlayerError {
  const code = systemErrorCode(cause);
  const [why, remedy] =
    code === 'EADDRINUSE'
      ? ['another program listens there already', `end it, or set ${key} to another port`]
      : code === 'EACCES'
        ? ['that needs privileges', `grant CAP_NET_BIND_SERVICE, or set ${key} to a port from 1024 up`]
        : code === 'EADDRNOTAVAIL'
          ? ['this host does not have that address', `set ${key} to an address of this host`]
          : [String(cause), `set ${key} to another address or port`];
  return new BootlayerError('PORT_UNAVAILABLE', `cannot listen on ${where}: ${why}`, { remedy, cause });
}

/** Scripts under way are answered; then whoever still holds a connection loses it. */
export async function closeListener(app: FastifyInstance): Promise<void> {
  const closing = app.close();
  app.server.closeIdleConnections();
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSING_MILLISECONDS);
  try {
    await closing;
  } finally {
    clearTimeout(timer);
  }
}
