import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import { cannotOpen, openedAt } from '../net/cannot-listen.js';
import type { Endpoint } from '../net/endpoint.js';
import { parseIp } from '../net/ip.js';
import { cutConnections } from './handshakes.js';
import { cutSilent } from './silent-connections.js';

/** A script is answered within five seconds. */
const CLOSING_MILLISECONDS = 5_000;
const LOOK_MILLISECONDS = 50;

/**
 * Opens the port, or takes the one that is open already, and answers where it really listens. Throws PORT_UNAVAILABLE, naming
 * the configuration's key.
 */
export async function listen(
  app: FastifyInstance,
  at: Endpoint | { readonly fd: number },
  key: string,
): Promise<Endpoint> {
  const place = { at: 'fd' in at ? at : { address: at.host, port: at.port }, key, name: nameOf(key) };
  // It writes into what it is given.
  await openedAt(place, app.listen('fd' in at ? ({ fd: at.fd } as FastifyListenOptions) : { ...at }));
  const address = app.server.address();
  if (typeof address !== 'object' || address === null) throw cannotOpen(place, 'it is no TCP socket');
  const host = 'fd' in at ? parseIp(address.address) : at.host;
  if (host === undefined) throw cannotOpen(place, 'it has no IP address');
  return { host, port: address.port };
}

/** Of its inherited sockets. */
function nameOf(key: string): 'http' | 'https' {
  return key === 'http.tls.listen' ? 'https' : 'http';
}

/** Scripts under way are answered; then whoever still holds a connection loses it. */
export async function closeListener(app: FastifyInstance): Promise<void> {
  const { server } = app;
  const closing = app.close();
  const cutIdle = () => {
    server.closeIdleConnections();
    cutSilent(server);
  };
  cutIdle();
  // Of whoever is answered by now, nothing is awaited any more.
  const again = setInterval(cutIdle, LOOK_MILLISECONDS);
  const timer = setTimeout(() => {
    server.closeAllConnections();
    cutConnections(server);
  }, CLOSING_MILLISECONDS);
  try {
    await closing;
  } finally {
    clearInterval(again);
    clearTimeout(timer);
  }
}
