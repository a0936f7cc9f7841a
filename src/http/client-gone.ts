import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { BootlayerError } from '../errors.js';

const signals = new WeakMap<Socket, AbortSignal>();

/**
 * Aborts when the client's connection ends. Of the connection, not of a response: one that waits behind others on the
 * same connection (pipelining) is told of nothing when the client goes.
 */
export function clientGone(socket: Socket): AbortSignal {
  const known = signals.get(socket);
  if (known !== undefined) return known;
  const gone = new AbortController();
  // As many as there are requests on the connection.
  setMaxListeners(0, gone.signal);
  const abort = () => gone.abort(new BootlayerError('BLOB_UNAVAILABLE', 'the client closed the connection'));
  if (socket.destroyed) abort();
  else socket.once('close', abort);
  signals.set(socket, gone.signal);
  return gone.signal;
}
