import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createListener } from '../../src/http/app.js';
import { closeListener, listen } from '../../src/http/listen.js';
import { createLog } from '../../src/log.js';
import { type IpAddress, parseIp } from '../../src/net/ip.js';

async function listener() {
  const app = createListener(createLog('silent', { write: () => undefined }));
  app.get('/begun', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-length': 100 });
    reply.raw.write('half of it');
  });
  app.get('/never', (_request, reply) => void reply.hijack());
  app.post('/posted', async () => 'all of it');
  const { port } = await listen(app, { host: parseIp('127.0.0.1') as IpAddress, port: 0 }, 'http.listen');
  onTestFinished(() => closeListener(app));
  return { app, port };
}

/** All that comes back until the connection is closed. */
async function answerTo(port: number, sent: readonly string[]): Promise<string> {
  const client = connect(port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  client.on('error', () => undefined);
  let received = '';
  client.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
  });
  for (const [index, part] of sent.entries()) {
    if (index > 0) await once(client, 'data');
    client.write(part);
  }
  await new Promise((resolve) => client.once('close', resolve));
  return received;
}

function bodyOf(answer: string): unknown {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toContain('content-type: application/json');
  expect(head).toContain(`content-length: ${body.length}`);
  return JSON.parse(body);
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

it.each([
  ['no request at all\r\n\r\n', 400, 'Bad Request'],
  ['GET / HTTP/9.9\r\nHost: a\r\n\r\n', 400, 'Bad Request'],
  ['GET / HTTP/1.1\r\nHost: a\r\nno header\r\n\r\n', 400, 'Bad Request'],
  [`GET / HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(200_000)}\r\n\r\n`, 431, 'Request Header Fields Too Large'],
  [
    'POST /posted HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n',
    400,
    'Bad Request',
  ],
])('answers %.40j as any error', async (sent, status, text) => {
  const { port } = await listener();
  const answer = await answerTo(port, [sent]);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} ${text}\r\n`));
  expect(bodyOf(answer)).toMatchObject({
    error: { code: 'REQUEST_INVALID', details: { remedy: expect.stringMatching(/./) as string } },
  });
});

it('answers one that does not come to its end in time', async () => {
  const { app, port } = await listener();
  const client = connect(port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  const [socket] = (await once(app.server, 'connection')) as [Socket];
  const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  app.server.emit('clientError', late, socket);
  const [bytes] = (await once(client, 'data')) as [Buffer];
  expect(String(bytes)).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

it('writes nothing into an answer that has begun', async () => {
  const { port } = await listener();
  const answer = await answerTo(port, [GET('/begun'), 'no request\r\n\r\n']);
  expect(answer).toMatch(/half of it$/);
});

it('gives nobody an answer that is for another request', async () => {
  const { port } = await listener();
  expect(await answerTo(port, [`${GET('/never')}no request\r\n\r\n`])).toBe('');
});

it('goes on after any of that', async () => {
  const { port } = await listener();
  await answerTo(port, ['no request\r\n\r\n'.repeat(10_000)]);
  const response = await fetch(`http://127.0.0.1:${port}/posted`, { method: 'POST' });
  expect(await response.text()).toBe('all of it');
});
