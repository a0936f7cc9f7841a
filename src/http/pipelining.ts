import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** No boot loader sends more than one; proxies and benchmarks send a few. */
const MAX_WAITING = 64;

/**
 * Cuts connections on which too many requests wait for their turn (pipelining, RFC 9112, 9.3.2). Node reads as many as come
 * while nothing can be answered, and each takes memory.
 */
export function boundPipelining(server: Server): void {
  const waiting = new WeakMap<Socket, number>();
  server.prependListener('request', ({ socket }, response: ServerResponse) => {
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    if (count > MAX_WAITING) socket.destroy();
  });
}
