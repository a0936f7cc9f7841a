import { once } from 'node:events';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient, redirectTarget } from '../../src/oci/http-client.js';
import { startProxy } from '../fakes/proxy.js';
import { startFakeRegistry } from '../fakes/registry.js';
import { privateAuthority } from '../fixtures/certificates.js';
import { freePort } from '../setup/free-port.js';

function client(limits: ConstructorParameters<typeof HttpClient>[0] = {}): HttpClient {
  const made = new HttpClient(limits);
  onTestFinished(() => made.close());
  return made;
}

const GET = { method: 'GET', headers: { authorization: 'Bearer secret', cookie: 'a=b', accept: 'x' } } as const;

it('says of each request, those that redirects lead to as well, what came of it', async () => {
  const registry = await startFakeRegistry();
  registry.redirect('/first', '/second');
  registry.answer('/second', (answer) => answer.end('bytes'));
  registry.answer('/denied', (answer) => answer.writeHead(401).end());
  const statuses: string[] = [];
  const made = new HttpClient({}, undefined, (status) => statuses.push(status));
  onTestFinished(() => made.close());
  for (const path of ['first', 'denied'])
    await (await made.send(new URL(`http://${registry.host}/${path}`), GET)).discard();
  await expect(made.send(new URL(`http://127.0.0.1:${await freePort()}/`), GET)).rejects.toThrow();
  expect(statuses).toEqual(['3xx', '2xx', '4xx', 'none']);
});

describe('redirectTarget', () => {
  const secure = new URL('https://registry.example/v2/demo/blobs/1');
  const plain = new URL('http://registry.example/v2/demo/blobs/1');

  it.each([
    [secure, '/elsewhere?a=b', 'https://registry.example/elsewhere?a=b'],
    [secure, 'https://store.example/1', 'https://store.example/1'],
    [plain, 'http://store.example/1', 'http://store.example/1'],
    [plain, 'https://store.example/1', 'https://store.example/1'],
  ])('leads from %s by %s to %s', (from, location, target) => {
    expect(redirectTarget(from, location).href).toBe(target);
  });

  it.each([
    [secure, 'http://registry.example/1'],
    [secure, '//:'],
    [plain, 'file:///etc/passwd'],
    [plain, 'javascript:1'],
  ])('leads from %s by %s nowhere', (from, location) => {
    expect(() => redirectTarget(from, location)).toThrow(/redirects to/);
  });
});

describe('proxies', () => {
  it('are asked for what is theirs, at every hop', async () => {
    const [registry, store] = [await startFakeRegistry(), await startFakeRegistry()];
    registry.redirect('/first', 'http://store.lab/second');
    store.answer('/second', (answer) => answer.end('bytes'));
    const proxy = await startProxy({ 'registry.lab:80': registry.host, 'store.lab:80': store.host });
    const made = new HttpClient({}, ({ hostname }) => (hostname.endsWith('.lab') ? new URL(proxy.url) : undefined));
    onTestFinished(() => made.close());
    const response = await made.send(new URL('http://registry.lab/first'), GET);
    expect([Buffer.from(await response.bytes(10)).toString(), proxy.asked]).toEqual([
      'bytes',
      ['GET http://registry.lab/first', 'GET http://store.lab/second'],
    ]);
    expect(store.requests[0]?.headers).toMatchObject({ host: 'store.lab' });
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
    expect((await made.send(new URL('http://elsewhere.lab/'), GET)).status).toBe(502);
    await expect(made.send(new URL('https://elsewhere.lab/'), GET)).rejects.toThrow(
      /^the proxy 127\.0\.0\.1:\d+ answered 502 for elsewhere\.lab:443$/,
    );
  });

  it('see their own credentials, and nobody else does', async () => {
    const registry = await startFakeRegistry();
    registry.answer('/first?a=b%20c', (answer) => answer.end('bytes'));
    const proxy = await startProxy({ 'registry.lab:5000': registry.host });
    const withPassword = new URL(proxy.url);
    withPassword.username = 'us%40er';
    withPassword.password = 'secret';
    const made = new HttpClient({}, () => withPassword);
    onTestFinished(() => made.close());
    const response = await made.send(new URL('http://registry.lab:5000/first?a=b%20c'), GET);
    expect(response.status).toBe(200);
    const shown = `Basic ${Buffer.from('us@er:secret').toString('base64')}`;
    expect(proxy.seen[0]).toMatchObject({ 'proxy-authorization': shown, authorization: 'Bearer secret' });
  });

  it('that want credentials say so', async () => {
    const refusing = createServer((socket) => socket.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n'));
    refusing.listen(0, '127.0.0.1');
    onTestFinished(() => void refusing.close());
    await once(refusing, 'listening');
    const url = new URL(`http://127.0.0.1:${(refusing.address() as AddressInfo).port}`);
    const made = new HttpClient({}, () => url);
    onTestFinished(() => made.close());
    const why = `the proxy ${url.host} answered 407 for registry.lab:5000`;
    await expect(made.send(new URL('http://registry.lab:5000/'), GET)).rejects.toThrow(why);
  });

  it('that are not there are named, and not the registry', async () => {
    const gone = createServer();
    await once(gone.listen(0, '127.0.0.1'), 'listening');
    const url = new URL(`http://127.0.0.1:${(gone.address() as AddressInfo).port}`);
    gone.close();
    const made = new HttpClient({}, () => url);
    onTestFinished(() => made.close());
    const why = `the proxy ${url.host} cannot be asked for registry.lab:5000: connect ECONNREFUSED`;
    await expect(made.send(new URL('http://registry.lab:5000/'), GET)).rejects.toThrow(why);
    const enough = new Error('enough');
    await expect(
      made.send(new URL('http://registry.lab:5000/'), { ...GET, signal: AbortSignal.abort(enough) }),
    ).rejects.toBe(enough);
  });

  it('lead to servers with TLS, whose authority is known or not', async () => {
    const { ca, server: certificate } = await privateAuthority();
    const server = createSecureServer(certificate, (_request, answer) => answer.end('secure'));
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const proxy = await startProxy({ [host]: host });
    const made = new HttpClient({}, () => new URL(proxy.url));
    onTestFinished(() => made.close());
    const response = await made.send(new URL(`https://${host}/`), GET, { ca });
    expect(Buffer.from(await response.bytes(10)).toString()).toBe('secure');
    await expect(made.send(new URL(`https://${host}/`), GET)).rejects.toThrow(/certificate/);
    expect(proxy.asked).toEqual([host, host]);
  });

  const misbehaviours: readonly (readonly [string, (socket: Socket) => unknown])[] = [
    ['hangs up', (socket: Socket) => socket.end()],
    ['says nothing', () => undefined],
    ['speaks no HTTP', (socket: Socket) => socket.end('SSH-2.0\r\n')],
    ['answers something else', (socket: Socket) => socket.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n')],
  ];
  const both = ['https', 'http'].flatMap((scheme) => misbehaviours.map(([name, answer]) => ({ scheme, name, answer })));
  it.each(both)('that $name are asked once, for $scheme', async ({ scheme, answer }) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = new URL(`http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}`);
    const made = new HttpClient({ connect: 300, headers: 300 }, () => url);
    onTestFinished(() => made.close());
    const failed = await made.send(new URL(`${scheme}://registry.lab/`), GET).catch((thrown: unknown) => thrown);
    expect(failed).toBeInstanceOf(Error);
    expect(String(failed)).not.toContain('secret');
    expect(connections).toBe(1);
  });
});

describe('redirects', () => {
  it('keep credentials to where they belong', async () => {
    const [registry, store] = [await startFakeRegistry(), await startFakeRegistry()];
    registry.redirect('/first', '/second');
    registry.redirect('/second', `http://${store.host}/third`);
    store.redirect('/third', `http://${registry.host}/fourth`);
    const response = await client().send(new URL(`http://${registry.host}/first`), GET);
    expect(response.url.href).toBe(`http://${registry.host}/fourth`);
    const carried = [...registry.requests, ...store.requests].map(({ path, headers }) => [
      path,
      headers.authorization,
      headers.cookie,
      headers.accept,
    ]);
    expect(carried).toEqual([
      ['/first', 'Bearer secret', 'a=b', 'x'],
      ['/second', 'Bearer secret', 'a=b', 'x'],
      ['/fourth', undefined, undefined, 'x'],
      ['/third', undefined, undefined, 'x'],
    ]);
    await response.discard();
  });

  it('end after five', async () => {
    const registry = await startFakeRegistry();
    registry.redirect('/loop', '/loop');
    await expect(client().send(new URL(`http://${registry.host}/loop`), GET)).rejects.toThrow('more than 5 times');
    expect(registry.count('/loop')).toBe(6);
  });

  it('are not followed by what changes something', async () => {
    const registry = await startFakeRegistry();
    registry.redirect('/there', '/elsewhere');
    const response = await client().send(new URL(`http://${registry.host}/there`), { method: 'POST', headers: {} });
    expect(response.status).toBe(307);
    expect(registry.count('/elsewhere')).toBe(0);
    await response.discard();
  });
});

describe('a hostile server', () => {
  /** Writes to whoever connects until it hangs up. */
  async function server(greeting: string, more: string): Promise<URL> {
    const listener = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(greeting);
        const timer = setInterval(() => socket.write(more), 5);
        socket.on('close', () => clearInterval(timer));
      });
    });
    await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening));
    onTestFinished(() => {
      listener.close();
    });
    const address = listener.address();
    return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
  }

  it.each([
    ['never ends its headers', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['trickles one header', 'HTTP/1.1 200 OK\r\nx: ', 'y'],
    ['gives interim answers only', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['says nothing', '', ''],
    ['sends a huge header', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`, ''],
    ['does not speak HTTP', 'SSH-2.0-OpenSSH\r\n', ''],
  ])('that %s is given up', async (_, greeting, more) => {
    const url = await server(greeting, more);
    await expect(client({ connect: 100, headers: 100 }).send(url, GET)).rejects.toThrow(Error);
  });

  it('that trickles a body is given up when it is read whole', async () => {
    const url = await server('HTTP/1.1 200 OK\r\n\r\n', 'y');
    const response = await client({ whole: 100 }).send(url, GET);
    await expect(response.bytes(1_000_000)).rejects.toThrow('too slowly');
    const another = await client({ whole: 100 }).send(url, GET);
    await expect(another.discard()).resolves.toBeUndefined();
  });

  it('that sends without end is given up at the limit', async () => {
    const url = await server('HTTP/1.1 200 OK\r\n\r\n', 'y'.repeat(10_000));
    const response = await client().send(url, GET);
    await expect(response.bytes(50_000)).rejects.toThrow(RangeError);
  });

  it('that falls silent within a body is given up', async () => {
    const url = await server('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nyyy', '');
    const response = await client({ idle: 100 }).send(url, GET);
    await expect(response.bytes(1_000)).rejects.toMatchObject({ code: 'UND_ERR_BODY_TIMEOUT' });
  });

  it('that takes long to send to is not given up while it takes more', async () => {
    const registry = await startFakeRegistry();
    registry.answer('/upload', (response, { body }) => response.end(String(body)));
    async function* body(): AsyncIterable<Uint8Array> {
      // Longer than the limit in all, and each pause a small part of it.
      for (let piece = 0; piece < 60; piece += 1) {
        yield Buffer.from(String(piece % 10));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    const patient = client({ connect: 1_000, headers: 1_000 });
    const response = await patient.send(new URL(`http://${registry.host}/upload`), {
      method: 'PUT',
      headers: {},
      body,
    });
    expect(String(Buffer.from(await response.bytes(100)))).toBe('0123456789'.repeat(6));
  });

  it('that does not take what it is sent is given up', async () => {
    const listener = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pause();
    });
    await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening));
    onTestFinished(() => {
      listener.close();
    });
    const address = listener.address();
    const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
    let sent = 0;
    async function* body(): AsyncIterable<Uint8Array> {
      for (; sent < 1_000; sent += 1) yield Buffer.alloc(1024 * 1024);
    }
    const sending = client({ connect: 100, headers: 200 }).send(url, { method: 'PUT', headers: {}, body });
    await expect(sending).rejects.toThrow('does not answer in time');
    expect(sent).toBeLessThan(1_000);
  });
});
