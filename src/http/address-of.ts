import type { FastifyRequest } from 'fastify';
import { withoutMapping } from '../net/ip.js';

/** Whom a request came from. A client that hung up while its request was read has no address any more. */
export function addressOf({ socket }: Pick<FastifyRequest, 'socket'>): string {
  return withoutMapping(socket.remoteAddress ?? 'unknown');
}
