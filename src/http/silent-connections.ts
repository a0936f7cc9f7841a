import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Of each server, its connections. */
const open = new WeakMap<Server, Set<Socket>>();

/** Keeps what `closeIdleConnections` does not know of: to node, a connection is idle only when something was answered on it. */
export function watchConnections(server: Server): void {
  const sockets = new Set<Socket>();
  open.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
}

/** Those on which nothing came yet: browsers and balancers connect ahead of need, and a server that ends has nothing to wait for. */
export function cutSilent(server: Server): void {
  for (const socket of open.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
}
