import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { bootlayer } from '../fixtures/program.js';

async function answering(body: unknown) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

it.each([
  [['standing', 'a', '--forget'], 'DELETE /api/v1/machines/a/standing'],
  [['enrolled', '--forget', 'a'], 'DELETE /api/v1/enrolled/a'],
])('says in JSON what is forgotten: %j', async (args, question) => {
  const { server, asked } = await answering({});
  const { out } = await bootlayer(['machine', ...args, '--json', '--server', server]);
  expect(JSON.parse(out)).toEqual({ name: 'a', done: 'forgotten' });
  expect(asked).toEqual([question]);
});

it('says of several machines that they are done', async () => {
  const { server, asked } = await answering({ machine: 'a', isDone: true });
  const { out } = await bootlayer(['machine', 'done', 'a', 'b', '--json', '--server', server]);
  expect(JSON.parse(out)).toHaveLength(2);
  expect(asked).toEqual(['PATCH /api/v1/machines/a/standing', 'PATCH /api/v1/machines/b/standing']);
});
