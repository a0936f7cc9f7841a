import type { FastifyRequest } from 'fastify';

/** Whom a request came from. A client that hung up while its request was read has no address any more. */
export function addressOf({ socket }: Pick<FastifyRequest, 'socket'>): string {
  return socket.remoteAddress ?? 'unknown';
}
