import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Sparing } from '../booter/sparing.js';
import { systemClock } from '../clock.js';
import { systemErrorCode } from '../errors.js';
import { harmless } from '../format.js';
import type { Logger } from '../log.js';
import { withoutMapping } from '../net/ip.js';

/** Of each server that speaks TLS, the connections below it. */
const open = new WeakMap<Server, Set<Socket>>();

/** Tells of handshakes that fail, and keeps what `closeAllConnections` does not know of. */
export function watchHandshakes(server: Server, log: Logger): void {
  const sockets = new Set<Socket>();
  open.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Asked for now, it is still known when the connection is gone.
    void socket.remoteAddress;
    socket.once('close', () => sockets.delete(socket));
  });
  logFailures(server, log);
}

/** To node, a connection is one of HTTP's only once its handshake is over: a client that never ends that would keep the server. */
export function cutConnections(server: Server): void {
  for (const socket of open.get(server) ?? []) socket.destroy();
}

/** Within a minute, of each address: scanners and clients that try again and again are no news. */
const SPARED = { milliseconds: 60_000, times: 10 };

function logFailures(server: Server, log: Logger): void {
  const sparing = new Sparing(SPARED.times, SPARED.milliseconds, () => systemClock.ticks());
  server.prependListener('tlsClientError', (error: Error, socket: TLSSocket) => {
    const address = withoutMapping(addressOf(socket));
    const code = systemErrorCode(error) ?? error.message;
    const level = sparing.allows(address) ? 'info' : 'debug';
    log[level](
      { event: 'tls.refused', address, code },
      `${address} gets no secure connection: ${reasonOf(code, error)}`,
    );
  });
}

/** Of a connection that was reset, nothing but the one below still knows it. */
function addressOf(socket: TLSSocket & { readonly _parent?: Socket }): string {
  return socket.remoteAddress ?? socket._parent?.remoteAddress ?? 'unknown';
}

/** What the other side's alerts (RFC 8446, 6) and the library's complaints mean here. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE)|UNKNOWN_CA/,
    'it does not trust the certificate: enrol the root of http.tls.cert in it',
  ],
  [/CERTIFICATE_EXPIRED/, 'to it, the certificate is expired: see that its clock is right'],
  [
    /NO_SHARED_CIPHER|HANDSHAKE_FAILURE/,
    'it offers no cipher that goes with http.tls.cert: firmware wants an RSA certificate',
  ],
  [/HTTP_REQUEST/, 'it speaks plain HTTP, which is at http.listen'],
  [/UNSUPPORTED_PROTOCOL|WRONG_VERSION/, 'it speaks nothing newer than TLS 1.1'],
  [
    /ECONNRESET/,
    'it hung up: firmware does so without a word where it does not trust the certificate (enrol the root of http.tls.cert in it)',
  ],
  [/HANDSHAKE_TIMEOUT/, 'it has fallen silent'],
];

function reasonOf(code: string, { message }: Error): string {
  return REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? harmless(message.slice(0, 200));
}
