import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { follow, type Watcher } from '../../src/cli/follow.js';

const STEP = { at: '2026-01-01T00:00:00.000Z', machine: 'node-01', text: 'gets the script' };

function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void, port = 0) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, close };
}

/** What the watcher was told, in its order, until so much was. */
function watch(port: number, { patience = 60_000, opened = (): Promise<void> => Promise.resolve() } = {}) {
  const told: unknown[] = [];
  const watcher: Watcher = {
    opened: async (_ask, ahead) => {
      told.push(['opened', Math.round(ahead / 60_000)]);
      await opened();
    },
    step: ({ event, machine }) => told.push([event, machine]),
    transfers: ({ transfers }) => told.push(['transfers', transfers.length]),
    lost: () => told.push('lost'),
  };
  const ended = new AbortController();
  const api = { url: `http://127.0.0.1:${port}` };
  const following = follow(api, { path: '/events', signal: ended.signal, watcher, patience });
  following.catch(() => undefined);
  onTestFinished(() => ended.abort());
  return { told, following, end: () => ended.abort(new Error('enough')) };
}

function streams(response: ServerResponse, ...texts: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const text of texts) response.write(text);
}

it('tells what is streamed after the watcher has asked for what was before, and passes over what it does not know', async () => {
  const { port } = await serve((_request, response) => {
    streams(response, eventOf('script.sent', STEP), ':\n\n', eventOf('news', { at: 1 }), eventOf('news', null));
    const transfer = { id: 1, machine: 'node-01', size: 2, bytes: 1, seconds: 1 };
    const odd = [transfer, null, { ...transfer, bytes: 'x' }];
    response.write(eventOf('transfers', { at: STEP.at, transfers: odd }) + eventOf('transfers', {}));
    response.write(eventOf('boot.judged', STEP));
  });
  let open = (): void => undefined;
  const asked = new Promise<void>((resolve) => (open = resolve));
  const { told, following, end } = watch(port, { opened: () => asked });
  await expect.poll(() => told).toEqual([['opened', 0]]);
  open();
  await expect
    .poll(() => told)
    .toEqual([
      ['opened', 0],
      ['script.sent', 'node-01'],
      ['transfers', 1],
      ['boot.judged', 'node-01'],
    ]);
  end();
  await expect(following).rejects.toThrow('enough');
});

it('waits for a server that ends, and says so once', async () => {
  const answer = (_request: IncomingMessage, response: ServerResponse) => streams(response, eventOf('a', STEP));
  const first = await serve(answer);
  const { told } = watch(first.port);
  await expect
    .poll(() => told)
    .toEqual([
      ['opened', 0],
      ['a', 'node-01'],
    ]);
  await first.close();
  await expect.poll(() => told.at(-1)).toBe('lost');
  await serve(answer, first.port);
  await expect.poll(() => told).toEqual([['opened', 0], ['a', 'node-01'], 'lost', ['opened', 0], ['a', 'node-01']]);
});

/** What nothing holds is gone then. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 5; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('ends when it is to, also after a collection of garbage, by which fetch forgets the signal that it was given', async () => {
  let closed = 0;
  const { port } = await serve((_request, response) => {
    response.on('close', () => (closed += 1));
    streams(response, eventOf('a', STEP));
  });
  const { told, following, end } = watch(port);
  await expect.poll(() => told).toHaveLength(2);
  await collectGarbage();
  end();
  await expect(following).rejects.toThrow('enough');
  await expect.poll(() => closed).toBe(1);
});

it('takes a stream without a sign of life for dead', async () => {
  let count = 0;
  const { port } = await serve((_request, response) => {
    count += 1;
    streams(response, eventOf(`a${count}`, STEP));
  });
  const { told } = watch(port, { patience: 50 });
  await expect
    .poll(() => told.slice(0, 4))
    .toEqual([
      ['opened', 0],
      ['a1', 'node-01'],
      ['opened', 0],
      ['a2', 'node-01'],
    ]);
});

it('says by how much the clock of the server differs', async () => {
  const { port } = await serve((_request, response) => {
    response.setHeader('date', new Date(Date.now() + 30 * 60_000).toUTCString());
    streams(response);
    response.flushHeaders();
  });
  const { told } = watch(port);
  await expect.poll(() => told).toEqual([['opened', 30]]);
});

it('throws what the server tells at first, and that there is none', async () => {
  const error = { code: 'REQUEST_INVALID', message: '64 are listening already' };
  const { port, close } = await serve((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  });
  await expect(watch(port).following).rejects.toMatchObject(error);
  await close();
  await expect(watch(port).following).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  const other = await serve((_request, response) => response.end('<html>'));
  await expect(watch(other.port).following).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
});
