import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { createListener } from '../../src/http/app.js';
import { clientGone } from '../../src/http/client-gone.js';
import { boundPipelining } from '../../src/http/pipelining.js';
import { turnOf } from '../../src/http/turn.js';

async function pipelined(count: number) {
  const answers: ServerResponse[] = [];
  const server = createServer((_request, response) => void answers.push(response));
  boundPipelining(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  // Cut connections are reset.
  client.on('error', () => undefined);
  const send = (more: number) => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(more));
  let received = '';
  client.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
  });
  send(count);
  return { answers, client, send, received: () => received };
}

it('cuts a connection on which too many requests wait', async () => {
  const { client, answers } = await pipelined(100_000);
  await new Promise((resolve) => client.once('close', resolve));
  expect(answers.length).toBeLessThan(5_000);
});

it('counts only those that wait', async () => {
  const { answers, client, send, received } = await pipelined(60);
  for (let sent = 60; sent < 300; sent += 60) {
    await expect.poll(() => answers.length).toBe(60);
    for (const response of answers.splice(0)) response.end('!');
    await expect.poll(() => received().match(/!/g)?.length).toBe(sent);
    send(60);
  }
  expect(client.destroyed).toBe(false);
});

it('leaves nothing in the log of those that waited when their client went', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const app = createListener(log);
  onTestFinished(() => app.close());
  const refused: unknown[] = [];
  app.addHook('onError', async (_request, _reply, error) => void refused.push(error));
  app.get('/', async (request, reply) => {
    await turnOf(reply.raw, clientGone(request.raw.socket));
    reply.hijack();
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
  await expect.poll(() => refused.length).toBe(99);
  expect(lines).toEqual([]);
});
