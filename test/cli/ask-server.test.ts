import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { askServer } from '../../src/cli/ask-server.js';

const never = new AbortController().signal;

async function answering(listener: RequestListener) {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const at = `http://127.0.0.1:${port}`;
  const ask = (signal = never, patience?: number) =>
    askServer({ url: at }, { path: '/x', body: { a: 1 }, signal }, patience);
  return { ask, at, server };
}

it('answers what the server does', async () => {
  const { ask } = await answering((_request, response) => response.end('{"removed":[]}'));
  expect(await ask()).toEqual({ removed: [] });
});

it('throws what the server tells, with its remedy', async () => {
  const error = { code: 'DISK_FULL', message: 'full', details: { remedy: 'make room' } };
  const { ask } = await answering((_request, response) => response.writeHead(507).end(JSON.stringify({ error })));
  await expect(ask()).rejects.toMatchObject({ code: 'DISK_FULL', message: 'full', remedy: 'make room' });
});

it('throws, too, that the server has nothing of that name: who asks knows what that means', async () => {
  const error = { code: 'NOT_FOUND', message: 'not mine' };
  const { ask } = await answering((_request, response) => response.writeHead(404).end(JSON.stringify({ error })));
  await expect(ask()).rejects.toMatchObject(error);
});

it('only reads where nothing is posted', async () => {
  const { at } = await answering(({ method, url, headers }, response) =>
    response.end(JSON.stringify([method, url, headers['content-type']])),
  );
  expect(await askServer({ url: at }, { path: '/x?y=1', signal: never })).toEqual(['GET', '/x?y=1', null]);
});

it.each([
  ['another program', 200, '<html>'],
  ['something that speaks JSON', 500, '{"error":"no"}'],
])('finds nobody where %s answers', async (_name, status, body) => {
  const { ask } = await answering((_request, response) => response.writeHead(status).end(body));
  expect(await ask()).toBeUndefined();
});

it('finds nobody where nobody listens', async () => {
  const { ask, server } = await answering(() => undefined);
  server.close();
  await once(server, 'close');
  expect(await ask()).toBeUndefined();
});

it('takes a server that does not answer for a busy one, and none for a reason to go on', async () => {
  const { ask } = await answering(() => undefined);
  await expect(ask(never, 50)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  const ending = new AbortController();
  const asked = expect(ask(ending.signal)).rejects.toThrow('enough');
  ending.abort(new Error('enough'));
  await asked;
});

it('shows its token, and says how to name one where it wants another', async () => {
  const error = { code: 'UNAUTHORIZED', message: 'no', details: { remedy: 'send a header' } };
  const { at } = await answering(({ headers }, response) =>
    headers.authorization === 'Bearer secret'
      ? response.end('{}')
      : response.writeHead(401).end(JSON.stringify({ error })),
  );
  expect(await askServer({ url: at, token: 'secret' }, { path: '/', signal: never })).toEqual({});
  await expect(askServer({ url: at }, { path: '/', signal: never })).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
    remedy: 'name a file with a token of the server by --token-file FILE',
  });
});
