import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { TlsPair } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Subnet } from '../net/ip.js';
import { isAmong } from './address-of.js';
import { ClientErrors } from './client-errors.js';
import { sendError } from './error-reply.js';
import { watchHandshakes } from './handshakes.js';
import { boundPipelining } from './pipelining.js';
import { secureOptions } from './secure.js';
import { watchConnections } from './silent-connections.js';

/** Firmware of a slow machine takes a few seconds for its part. */
const HANDSHAKE_MILLISECONDS = 20_000;

export type ListenerOptions = {
  /** It speaks TLS, and HTTP/1.1 as without. */
  readonly tls?: TlsPair | undefined;
  /** How long a TLS handshake may take, in milliseconds. */
  readonly handshake?: number;
  /** Those whose X-Forwarded-For is believed, from its end on. */
  readonly proxies?: readonly Subnet[];
};

/**
 * A listener without routes, set up for firmware (RFC 9112): doubled slashes are one, idle connections
 * stay open longer than a boot loader's pauses, whole bodies have no deadline, nothing is compressed, and few requests wait on
 * one connection.
 */
export function createListener(
  log: Logger,
  { tls, handshake = HANDSHAKE_MILLISECONDS, proxies = [] }: ListenerOptions = {},
): FastifyInstance {
  const clientErrors = new ClientErrors();
  const app = Fastify({
    ...(tls !== undefined && { https: { ...secureOptions(tls), handshakeTimeout: handshake } }),
    ...(proxies.length > 0 && { trustProxy: (address: string) => isAmong(proxies, address) }),
    loggerInstance: withoutChatter(log),
    // One of its own for each request costs as much as a small part of a blob.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    // iPXE reuses connections and gives up on idle ones after 120 s: the server closes them before that.
    keepAliveTimeout: 75_000,
    requestTimeout: 60_000,
    bodyLimit: 64 * 1024,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // Names have up to 128 characters, each of which may take several of the path.
    routerOptions: { maxParamLength: 2_048, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    exposeHeadRoutes: false,
    // Never redirect: EDK2 takes any status from 300 up for an error.
    clientErrorHandler: (error, socket) => clientErrors.answer(error, socket),
    frameworkErrors: (error, _request, reply) => {
      sendError(reply, error);
    },
  });
  clientErrors.watch(app.server);
  boundPipelining(app.server);
  watchConnections(app.server);
  if (tls !== undefined) watchHandshakes(app.server, log, handshake);
  app.setErrorHandler((error, _request, reply) => sendError(reply, error));
  app.setNotFoundHandler((request, reply) =>
    sendError(
      reply,
      new BootlayerError('NOT_FOUND', `there is nothing at ${request.method} ${request.url.slice(0, 200)}`),
    ),
  );
  return app;
}

/** At the usual level the server tells by its events what it does; fastify adds only what goes wrong. */
function withoutChatter(log: Logger): FastifyBaseLogger {
  return log.child({}, { level: log.level === 'info' ? 'warn' : log.level });
}
