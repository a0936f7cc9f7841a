import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import { cannotInherit, cannotListen } from '../net/cannot-listen.js';
import { type Endpoint, formatEndpoint } from '../net/endpoint.js';
import { parseIp } from '../net/ip.js';
import { cutConnections } from './handshakes.js';

/** A script is answered within five seconds. */
const CLOSING_MILLISECONDS = 5_000;

/**
 * Opens the port, or takes the one that is open already, and answers where it really listens. Throws PORT_UNAVAILABLE, naming
 * the configuration's key.
 */
export async function listen(
  app: FastifyInstance,
  at: Endpoint | { readonly fd: number },
  key: string,
): Promise<Endpoint> {
  const cannot = (cause: unknown) =>
    'fd' in at ? cannotInherit(at.fd, nameOf(key), cause) : cannotListen(formatEndpoint(at), key, cause);
  try {
    // It writes into what it is given.
    await app.listen('fd' in at ? ({ fd: at.fd } as FastifyListenOptions) : { ...at });
  } catch (cause) {
    throw cannot(cause);
  }
  const address = app.server.address();
  if (typeof address !== 'object' || address === null) throw cannot('it is no TCP socket');
  const host = 'fd' in at ? parseIp(address.address) : at.host;
  if (host === undefined) throw cannot('it has no IP address');
  return { host, port: address.port };
}

/** Of its inherited sockets. */
function nameOf(key: string): 'http' | 'https' {
  return key === 'http.tls.listen' ? 'https' : 'http';
}

/** Scripts under way are answered; then whoever still holds a connection loses it. */
export async function closeListener(app: FastifyInstance): Promise<void> {
  const closing = app.close();
  app.server.closeIdleConnections();
  const timer = setTimeout(() => {
    app.server.closeAllConnections();
    cutConnections(app.server);
  }, CLOSING_MILLISECONDS);
  try {
    await closing;
  } finally {
    clearTimeout(timer);
  }
}
