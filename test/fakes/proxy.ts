import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** An HTTP proxy, for TLS and for what is plain, that knows these places alone, `name:port` to `host:port`. Ends with the test. */
export async function startProxy(places: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const seen: IncomingHttpHeaders[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(({ url = '', method = '', headers }, response) => {
    const wanted = new URL(url, 'http://not-absolute:80');
    const place = `${wanted.hostname}:${wanted.port || 80}`;
    asked.push(`${method} ${url}`);
    seen.push(headers);
    const [host = '', port = ''] = places[place]?.split(':') ?? [];
    if (host === '') return void response.writeHead(502).end();
    const forwarded = request({ host, port, method, path: `${wanted.pathname}${wanted.search}`, headers });
    forwarded.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)));
    forwarded.on('error', () => response.destroy());
    forwarded.end();
  });
  server.on('connect', ({ url = '' }, client: Socket) => {
    asked.push(url);
    sockets.add(client);
    client.on('error', () => undefined);
    const [host = '', port = ''] = places[url]?.split(':') ?? [];
    if (host === '') {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const target = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    sockets.add(target);
    target.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, seen };
}
