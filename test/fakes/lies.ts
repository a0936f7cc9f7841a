import { gzipSync } from 'node:zlib';
import type { Handler } from './registry.js';

/** Ways in which a server on the network may do anything but answer. */

const MIB = 1024 * 1024;

/** For as long as anybody reads, and not for ever: a test that fails must end. */
function endless(response: Parameters<Handler>[0], piece: Buffer, limit = 512 * MIB): void {
  let sent = 0;
  const more = () => {
    while (sent < limit && !response.destroyed) {
      sent += piece.length;
      if (!response.write(piece)) return;
    }
    if (sent >= limit) response.end();
  };
  response.on('drain', more);
  more();
}

const filler = Buffer.alloc(256 * 1024, ' ');

export const silence: Handler = () => undefined;

export const hangsUp: Handler = (response) => response.socket?.destroy();

export const resets: Handler = (response) => response.socket?.resetAndDestroy();

export const headersOnly: Handler = (response) => {
  response.writeHead(200);
  response.flushHeaders();
};

/** One byte at a time, which is never idle. */
export const trickles: Handler = (response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

export const endlessBody: Handler = (response) => {
  response.writeHead(200);
  endless(response, filler);
};

export const endlessPart =
  (range: string): Handler =>
  (response) => {
    response.writeHead(206, { 'content-range': range });
    endless(response, filler);
  };

export const hundredMegabytes: Handler = (response) => {
  response.writeHead(200, { 'content-length': 100 * MIB });
  endless(response, filler, 100 * MIB);
};

export const endlessError =
  (status: number): Handler =>
  (response) => {
    response.writeHead(status);
    endless(response, filler);
  };

export const stalledError =
  (status: number): Handler =>
  (response) => {
    response.writeHead(status, { 'content-length': 1_000 });
    response.write('{');
  };

export const html: Handler = (response) =>
  response
    .writeHead(200, { 'content-type': 'Text/HTML; charset=utf-8' })
    .end('<html>Please log in to the network</html>');

export const notHttp: Handler = (response) => response.socket?.end('SSH-2.0-OpenSSH_9.2p1\r\n');

export const endlessHeaders: Handler = ({ socket }) => {
  socket?.write('HTTP/1.1 200 OK\r\n');
  const line = `x: ${'y'.repeat(8_000)}\r\n`;
  for (let count = 0; count < 1_000; count += 1) socket?.write(line);
};

export const endlessInterim: Handler = ({ socket }) => {
  const timer = setInterval(() => socket?.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 20);
  socket?.on('close', () => clearInterval(timer));
};

/** To itself, or to one that sends back. */
export const redirectRing: Handler = (response, { path }) => response.writeHead(307, { location: path }).end();

export const redirectsTo =
  (location: string): Handler =>
  (response) =>
    response.writeHead(307, { location }).end();

export const compressed =
  (bytes: Uint8Array): Handler =>
  (response) => {
    const zipped = gzipSync(bytes);
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': zipped.length }).end(zipped);
  };

/** Says so many bytes, and sends these. */
export const promises =
  (length: number, bytes: Uint8Array): Handler =>
  ({ socket }) => {
    socket?.write(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`);
    socket?.end(bytes);
  };

export const withHeaders =
  (headers: Readonly<Record<string, string>>, bytes: Uint8Array, status = 200): Handler =>
  (response) =>
    response.writeHead(status, headers).end(bytes);
