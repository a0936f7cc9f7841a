import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createListener } from '../../src/http/app.js';
import { closeListener, listen } from '../../src/http/listen.js';
import { renewPair } from '../../src/http/secure.js';
import { createLog } from '../../src/log.js';
import { parseEndpoint } from '../../src/net/endpoint.js';
import { type Certificate, privateAuthority, tlsPair } from '../fixtures/certificates.js';

let pair: Certificate;
let ca = '';

beforeAll(async () => {
  ({ pair, ca } = await tlsPair());
});

/** A listener that speaks TLS and says hello. */
async function listening(shown = pair, handshake?: number) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const app = createListener(log, { tls: shown, ...(handshake !== undefined && { handshake }) });
  app.get('/', (_request, reply) => reply.send('hello'));
  let isClosed = false;
  const close = () => {
    isClosed = true;
    return closeListener(app);
  };
  onTestFinished(async () => void (isClosed || (await close())));
  await listen(app, parseEndpoint('127.0.0.1:0') ?? expect.fail(), 'http.tls.listen');
  const { port } = app.server.address() as AddressInfo;
  return { app, port, lines, close };
}

/** Comes to terms with it, or rejects as the client does. */
async function shake(
  port: number,
  options: ConnectionOptions & { readonly localAddress?: string } = {},
): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function get(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more;
  });
  socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await expect.poll(() => text).toMatch(/hello$/);
  return text;
}

describe('a listener that speaks TLS', () => {
  // What EDK2's HTTPS Boot and iPXE offer, and what curl does.
  it.each([
    'AES256-GCM-SHA384',
    'AES128-GCM-SHA256',
    'AES256-SHA256',
    'AES128-SHA256',
    'AES256-SHA',
    'AES128-SHA',
    'DHE-RSA-AES256-GCM-SHA384',
    'DHE-RSA-AES128-GCM-SHA256',
    'DHE-RSA-AES256-SHA256',
    'DHE-RSA-AES128-SHA256',
    'DHE-RSA-AES256-SHA',
    'DHE-RSA-AES128-SHA',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ])('takes %s with TLS 1.2', async (ciphers) => {
    const { port } = await listening();
    const socket = await shake(port, { ciphers, maxVersion: 'TLSv1.2' });
    expect([socket.getCipher().name, socket.authorized]).toEqual([ciphers, true]);
    if (ciphers.startsWith('DHE')) expect(socket.getEphemeralKeyInfo()).toMatchObject({ type: 'DH', size: 2_048 });
    expect(await get(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('prefers forward secrecy, also of what firmware can do, and takes TLS 1.3', async () => {
    const { port } = await listening();
    const firmware = 'AES128-SHA:AES256-SHA256:AES256-GCM-SHA384:DHE-RSA-AES128-SHA256:DHE-RSA-AES256-GCM-SHA384';
    const old = await shake(port, { ciphers: firmware, maxVersion: 'TLSv1.2' });
    expect(old.getCipher().name).toBe('DHE-RSA-AES256-GCM-SHA384');
    const modern = await shake(port, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect([modern.getProtocol(), modern.alpnProtocol]).toEqual(['TLSv1.3', 'http/1.1']);
    expect((await shake(port, { maxVersion: 'TLSv1.2' })).getCipher().name).toMatch(/^ECDHE-RSA-AES/);
  });

  it('minds no address in the place of a server name', async () => {
    const { port } = await listening();
    expect(await answerTo(port, hello({ version: 0x0303, ciphers: [0x009d], name: '127.0.0.1' }))).toBe('hello 009d');
  });

  it.each([
    ['TLS 1.1', { version: 0x0302, ciphers: [0x0035, 0x0039, 0xc014] }, 'alert 70'],
    ['TLS 1.0', { version: 0x0301, ciphers: [0x0035, 0x0039, 0xc014] }, 'alert 70'],
    ['SSL 3', { version: 0x0300, ciphers: [0x0035] }, 'alert 40'],
    ['3DES', { version: 0x0303, ciphers: [0x000a, 0x0016, 0xc012] }, 'alert 40'],
    ['RC4', { version: 0x0303, ciphers: [0x0004, 0x0005, 0xc011] }, 'alert 40'],
    ['no encryption', { version: 0x0303, ciphers: [0x0001, 0x0002, 0x003b, 0xc010] }, 'alert 40'],
    ['nobody proven', { version: 0x0303, ciphers: [0x00a6, 0x00a7, 0x006c, 0x006d] }, 'alert 40'],
  ])('refuses %s', async (_what, offer, alert) => {
    const { port } = await listening();
    expect(await answerTo(port, hello(offer))).toBe(alert);
  });

  it('does not begin anew on a connection', async () => {
    const { port } = await listening();
    const socket = await shake(port, { maxVersion: 'TLSv1.2' });
    const refused = once(socket, 'error');
    socket.renegotiate({}, () => undefined);
    expect(await refused).toMatchObject([{ message: expect.stringContaining('no renegotiation') as string }]);
    expect(await get(await shake(port))).toContain('hello');
  });

  it('has ECDSA for an elliptic key', async () => {
    const { ca: authority, server } = await privateAuthority();
    const { port } = await listening(server);
    const socket = await shake(port, { ca: authority, maxVersion: 'TLSv1.2' });
    expect(socket.getCipher().name).toMatch(/^ECDHE-ECDSA-/);
  });
});

describe('a pair that is renewed', () => {
  it('is shown to whoever comes then, with all else as it was', async () => {
    const { app, port } = await listening();
    const early = await shake(port);
    const next = await tlsPair();
    renewPair(app.server, next.pair);
    expect(await get(early)).toContain('hello');
    await expect(shake(port)).rejects.toThrow();
    const ciphers = 'DHE-RSA-AES256-GCM-SHA384';
    const late = await shake(port, { ca: next.ca, ciphers, maxVersion: 'TLSv1.2' });
    expect(late.getCipher().name).toBe(ciphers);
    // The root comes along: iPXE knows it by its fingerprint alone.
    const issuer = (late.getPeerCertificate(true) as { issuerCertificate?: PeerCertificate }).issuerCertificate;
    expect(issuer?.subject.CN).toBe('Lab CA');
    expect(await answerTo(port, hello({ version: 0x0302, ciphers: [0x0035] }))).toBe('alert 70');
  });

  it('stays what it was when the next does not do', async () => {
    const { app, port } = await listening();
    const { pair: other } = await tlsPair();
    expect(() => renewPair(app.server, { cert: pair.cert, key: other.key })).toThrow('mismatch');
    expect(await get(await shake(port))).toContain('hello');
  });
});

describe('many who come at once', () => {
  it('have their turns, each of a rack from its address, while one address opens hundreds of connections', async () => {
    const { port, lines } = await listening();
    const offer = hello({ version: 0x0303, ciphers: [0x009d] });
    let cut = 0;
    const hammer = Array.from({ length: 600 }, () => {
      const socket = connectPlain({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      socket.on('error', () => undefined).once('close', () => (cut += 1));
      socket.write(offer);
      return socket;
    });
    onTestFinished(() => {
      for (const socket of hammer) socket.destroy();
    });
    const rack = Array.from(
      { length: 200 },
      (_, number) => `127.0.${1 + Math.floor(number / 100)}.${1 + (number % 100)}`,
    );
    const answers = rack.map(async (localAddress) => get(await shake(port, { localAddress })));
    for (const answer of await Promise.all(answers)) expect(answer).toContain('hello');
    await expect.poll(() => cut).toBeGreaterThan(300);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'tls.refused', address: '127.0.0.2', code: 'TOO_MANY' }) as unknown,
    );
    expect(new Set(lines.map(({ address }) => address))).toEqual(new Set(['127.0.0.2']));
  });

  it('from one address, as behind a router, have their turns too', async () => {
    const { port, lines } = await listening();
    const rack = Array.from({ length: 200 }, async () => get(await shake(port)));
    for (const answer of await Promise.all(rack)) expect(answer).toContain('hello');
    expect(lines).toEqual([]);
  });

  it('and fall silent are cut in the end, also before they had their turn', async () => {
    const { app, port } = await listening(pair, 1_000);
    const mute = Array.from({ length: 40 }, () => connectPlain(port, '127.0.0.1').on('error', () => undefined));
    onTestFinished(() => {
      for (const socket of mute) socket.destroy();
    });
    await Promise.all(mute.slice(16).map((socket) => once(socket, 'close')));
    for (const socket of mute) socket.destroy();
    await expect.poll(() => connectionsOf(app.server)).toBe(0);
    expect(await get(await shake(port))).toContain('hello');
  });
});

describe('who comes to no terms', () => {
  it('by hanging up in the middle, as EDK2 does, is told of with its address', async () => {
    const { port, lines } = await listening();
    const socket = connectPlain(port, '127.0.0.1');
    socket.write(hello({ version: 0x0303, ciphers: [0x009f] }));
    await once(socket, 'data');
    socket.resetAndDestroy();
    await expect
      .poll(() => lines.map(({ event, address, msg }) => [event, address, msg]))
      .toContainEqual(['tls.refused', '127.0.0.1', expect.stringContaining('it hung up: firmware') as string]);
  });

  it('is told of, a few times', async () => {
    const { port, lines } = await listening();
    await expect(shake(port, { ca: [] })).rejects.toThrow();
    const plain = connectPlain(port, '127.0.0.1');
    onTestFinished(() => void plain.destroy());
    plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(plain, 'close');
    await answerTo(port, hello({ version: 0x0303, ciphers: [0x000a] }));
    await answerTo(port, hello({ version: 0x0301, ciphers: [0x0035] }));
    await expect.poll(() => lines.length).toBeGreaterThanOrEqual(3);
    const told = lines.map(({ event, address, msg }) => [event, address, msg]);
    for (const reason of [
      'it speaks plain HTTP, which is at http.listen',
      'it offers no cipher',
      'it speaks nothing newer',
    ]) {
      const sentence = expect.stringContaining(`127.0.0.1 gets no secure connection: ${reason}`) as string;
      expect(told).toContainEqual(['tls.refused', '127.0.0.1', sentence]);
    }
    for (let turn = 0; turn < 15; turn += 1) await answerTo(port, hello({ version: 0x0301, ciphers: [0x0035] }));
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  it('is told of with what is to be done when it does not trust the certificate', async () => {
    const { port, lines } = await listening();
    const client = connectPlain(port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.write(hello({ version: 0x0303, ciphers: [0x009d] }));
    await once(client, 'data');
    // Fatal, unknown_ca (RFC 5246, 7.2.2).
    client.write(Buffer.from([21, 3, 3, 0, 2, 2, 48]));
    await expect
      .poll(() => lines.map(({ msg }) => msg))
      .toEqual([
        '127.0.0.1 gets no secure connection: it does not trust the certificate: enrol the root of http.tls.cert in it',
      ]);
  });

  it('keeps no server from ending', async () => {
    const { port, close, app } = await listening();
    const mute = connectPlain(port, '127.0.0.1');
    onTestFinished(() => void mute.destroy());
    await once(mute, 'connect');
    await expect.poll(() => connectionsOf(app.server)).toBe(1);
    const gone = once(mute, 'close');
    mute.on('error', () => undefined);
    await Promise.all([close(), gone]);
  });
});

function connectionsOf(server: { getConnections(done: (error: Error | null, count: number) => void): unknown }) {
  return new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
}

type Hello = { readonly version: number; readonly ciphers: readonly number[]; readonly name?: string };

/** A ClientHello (RFC 5246, 7.4.1.2), which libraries of today no longer make with such offers. */
function hello({ version, ciphers, name }: Hello): Buffer {
  const extensions = [extension(13, sized(2, u16(0x0401, 0x0501, 0x0201))), ...(name === undefined ? [] : [sni(name)])];
  const body = Buffer.concat([
    u16(version),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    sized(2, u16(...ciphers)),
    Buffer.from([1, 0]),
    sized(2, Buffer.concat(extensions)),
  ]);
  const message = Buffer.concat([Buffer.from([1]), sized(3, body)]);
  return Buffer.concat([Buffer.from([22]), u16(0x0301), sized(2, message)]);
}

function extension(kind: number, content: Buffer): Buffer {
  return Buffer.concat([u16(kind), sized(2, content)]);
}

function sni(name: string): Buffer {
  return extension(0, sized(2, Buffer.concat([Buffer.from([0]), sized(2, Buffer.from(name))])));
}

function u16(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

/** With its length before it, in so many bytes. */
function sized(bytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
}

/** `hello 009d`: the cipher that the server chose; or `alert 40`: why it did not (RFC 5246, 7.2). */
async function answerTo(port: number, bytes: Buffer): Promise<string> {
  const socket: Socket = connectPlain(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.write(bytes);
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (first[0] === 21) return `alert ${first[6]}`;
  // Behind the record's and the message's heads, the version and the random bytes: a session's name, and the cipher.
  const at = 5 + 4 + 2 + 32 + 1 + (first[43] ?? 0);
  return `hello ${first.subarray(at, at + 2).toString('hex')}`;
}
