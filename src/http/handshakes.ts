import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Sparing } from '../booter/sparing.js';
import { systemClock } from '../clock.js';
import { systemErrorCode } from '../errors.js';
import { harmless } from '../format.js';
import type { Logger } from '../log.js';
import { withoutMapping } from '../net/ip.js';
import { type Comer, HandshakeTurns } from './handshake-turns.js';

/** Of each server that speaks TLS, the connections below it. */
const open = new WeakMap<Server, Set<Socket>>();

/**
 * A rack behind one router has its places, and the steps that one address may ask for at once take tens of milliseconds with an
 * RSA key of 2048 bits.
 */
const LIMITS = {
  ...{ underWay: 64, underWayOfOne: 16 },
  ...{ waiting: 1_024, waitingOfOne: 256 },
  ...{ patience: 5_000, longestPause: 50 },
};

/**
 * Bounds handshakes, tells of those that fail, and keeps what `closeAllConnections` does not know of. `patience`: whoever waits
 * longer than that for its turn, in milliseconds, is refused.
 */
export function watchHandshakes(server: Server, log: Logger, patience: number): void {
  const sockets = new Set<Socket>();
  open.set(server, sockets);
  const refused = refusals(log);
  const turns = new HandshakeTurns({
    limits: LIMITS,
    now: () => systemClock.ticks(),
    soon: setImmediate,
    after: (milliseconds, run) => void setTimeout(run, milliseconds),
  });
  const comers = new WeakMap<Socket, Comer>();
  const beginners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Asked for now, it is still known when the connection is gone.
    const address = withoutMapping(socket.remoteAddress ?? 'unknown');
    const refuse = () => {
      refused(address, 'TOO_MANY', 'too many that have not come to terms are there already');
      socket.destroy();
    };
    const begin = () => {
      socket.setTimeout(0, refuse);
      for (const beginner of beginners) beginner.call(server, socket);
    };
    const comer: Comer = { address, begin, refuse };
    comers.set(socket, comer);
    socket.on('error', () => undefined).setTimeout(patience, refuse);
    socket.once('close', () => {
      sockets.delete(socket);
      turns.leave(comer);
    });
    turns.arrive(comer);
  });
  server.on('secureConnection', ({ _parent }: TLSSocket & Below) => {
    const comer = _parent && comers.get(_parent);
    if (comer !== undefined) turns.leave(comer);
  });
  server.prependListener('tlsClientError', (error: Error, socket: TLSSocket & Below) => {
    const code = systemErrorCode(error) ?? error.message;
    refused(withoutMapping(addressOf(socket)), code, reasonOf(code, error));
  });
}

/** The connection below one that is secure. */
type Below = { readonly _parent?: Socket };

/** To node, a connection is one of HTTP's only once its handshake is over: a client that never ends that would keep the server. */
export function cutConnections(server: Server): void {
  for (const socket of open.get(server) ?? []) socket.destroy();
}

/** Within a minute, of each address: scanners and clients that try again and again are no news. */
const SPARED = { milliseconds: 60_000, times: 10 };

function refusals(log: Logger): (address: string, code: string, reason: string) => void {
  const sparing = new Sparing(SPARED.times, SPARED.milliseconds, () => systemClock.ticks());
  return (address, code, reason) => {
    const level = sparing.allows(address) ? 'info' : 'debug';
    log[level]({ event: 'tls.refused', address, code }, `${address} gets no secure connection: ${reason}`);
  };
}

/** Of a connection that was reset, nothing but the one below still knows it. */
function addressOf(socket: TLSSocket & Below): string {
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
