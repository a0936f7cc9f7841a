import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { errorBody } from './error-reply.js';

/** Whoever is told what is wrong is read on for so long, so that it is not lost with what it still sends (RFC 9112, 9.6). */
const LINGER_MILLISECONDS = 1_000;

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

type Refusal = { readonly status: 400 | 408 | 431; readonly error: BootlayerError };

/** What is no request, or none that comes to an end, is answered as all other errors are, where nothing else is being answered. */
export class ClientErrors {
  /** What is not answered completely, for each connection. */
  readonly #open = new WeakMap<Duplex, Set<Exchange>>();
  readonly #refused = new WeakSet<Duplex>();

  /** Sees what is asked and answered. */
  watch(server: Server): void {
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const exchanges = this.#open.get(socket) ?? new Set();
      const exchange = { request, response };
      this.#open.set(socket, exchanges.add(exchange));
      response.once('close', () => exchanges.delete(exchange));
    });
  }

  /** Of node's `clientError`, which is told of handshakes that fail and of connections that are reset, too. Never throws. */
  answer(error: Error, socket: Socket): void {
    if (this.#refused.has(socket)) return;
    const refusal = refusalOf(error);
    if (refusal === undefined || !socket.writable || this.#isAnswering(socket)) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    const timer = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS).unref();
    socket.once('close', () => clearTimeout(timer));
    socket.end(responseOf(refusal));
  }

  /** What is written now would be taken for a part of another answer, or for the answer to another request. */
  #isAnswering(socket: Duplex): boolean {
    return [...(this.#open.get(socket) ?? [])].some(
      ({ request, response }) => request.complete || response.headersSent,
    );
  }
}

/** undefined where it is nothing of HTTP. Node names its parser's errors HPE_… */
function refusalOf(error: Error): Refusal | undefined {
  const code = systemErrorCode(error) ?? '';
  const refusal = (status: Refusal['status'], message: string, remedy: string) => ({
    status,
    error: new BootlayerError('REQUEST_INVALID', message, { remedy }),
  });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refusal(408, 'the request did not come to its end in time', 'send it at once');
  }
  if (code === 'HPE_HEADER_OVERFLOW') return refusal(431, 'the headers of the request are too long', 'send fewer');
  if (!code.startsWith('HPE_')) return undefined;
  return refusal(400, 'this is no request of HTTP/1.1', 'see that the client speaks plain HTTP to this port, or HTTPS');
}

function responseOf({ status, error }: Refusal): string {
  const body = errorBody(error);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    'cache-control: no-store',
    'connection: close',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
