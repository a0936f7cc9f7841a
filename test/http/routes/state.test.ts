import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BootlayerError } from '../../../src/errors.js';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { stateRoutes } from '../../../src/http/routes/state.js';
import { createLog } from '../../../src/log.js';
import { temporaryFolder } from '../../fixtures/folder.js';

const SIZES = { boots: 3, standings: 1, enrolled: 2, capabilities: 0, bytes: 4096 };
const FILE = '/data/state.db';
const LOCAL = { host: '127.0.0.1:8081' };

async function listener(size = 3_000_000) {
  const copy = join(await temporaryFolder(), 'copy');
  await writeFile(copy, Buffer.alloc(size, 1));
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => {
    // A client that was given up may still have one.
    app.server.closeAllConnections();
    return app.close();
  });
  const problems: BootlayerError[] = [];
  const made: Awaited<ReturnType<typeof open>>[] = [];
  stateRoutes(new Api(app), {
    file: FILE,
    isDoubted: () => false,
    doubtedSince: () => undefined,
    sizes: async () => SIZES,
    notDone: async () => ({ count: 1, machines: ['a'] }),
    trust: async () => undefined,
    copy: async () => {
      const problem = problems.pop();
      if (problem !== undefined) throw problem;
      const file = await open(copy);
      made.push(file);
      return { size, file };
    },
  });
  const at = `${await app.listen({ host: '127.0.0.1', port: 0 })}/api/v1/state/backup`;
  const get = (query = '', headers: Readonly<Record<string, string>> = LOCAL) => answerOf(`${at}${query}`, headers);
  return { at, get, problems, made };
}

/** fetch sends no name but the URL's. */
async function answerOf(url: string, headers: Readonly<Record<string, string>>) {
  const [answer] = (await once(request(url, { headers }).end(), 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

const isClosed = ({ fd }: { readonly fd: number }) => fd === -1;

describe('GET /api/v1/state/backup', () => {
  it('sends the copy, with its length, and closes it', async () => {
    const { get, made } = await listener();
    const answer = await get(`?file=${FILE}`);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/vnd.sqlite3',
      'content-length': '3000000',
      'cache-control': 'no-store',
    });
    expect(answer.body.equals(Buffer.alloc(3_000_000, 1))).toBe(true);
    await expect.poll(() => made.map(isClosed)).toEqual([true]);
    expect((await get()).status).toBe(200);
  });

  it.each([
    ['of another state', '?file=/other/state.db', LOCAL, [404, 'NOT_FOUND']],
    ['with what it does not know', '?to=/etc/passwd', LOCAL, [400, 'REQUEST_INVALID']],
    ['from the page of another', '', { host: 'boot.example.com' }, [400, 'REQUEST_INVALID']],
  ])('makes no copy %s', async (_name, query, headers, expected) => {
    const { get, made } = await listener();
    const answer = await get(query, headers);
    expect([answer.status, (JSON.parse(answer.body.toString()) as { error: { code: string } }).error.code]).toEqual(
      expected,
    );
    expect(made).toEqual([]);
  });

  it('tells why there is none, and takes the next request', async () => {
    const { get, problems } = await listener();
    problems.push(new BootlayerError('DISK_FULL', 'there is no room'));
    expect((await get()).status).toBe(507);
    expect((await get()).status).toBe(200);
  });

  it('sends one at a time, and none to who went away', async () => {
    const { at, made } = await listener(64 * 1024 * 1024);
    const ending = new AbortController();
    // Nobody reads it.
    const first = await fetch(at, { signal: ending.signal });
    expect(first.status).toBe(200);
    const second = await fetch(at);
    expect([second.status, await second.text()]).toEqual([429, expect.stringContaining('already')]);
    ending.abort();
    await expect.poll(() => made.map(isClosed)).toEqual([true]);
    // The file is closed a moment before the stream has told of it.
    let third = await fetch(at);
    const again = async () => {
      if (third.status === 429) third = await fetch(at);
      return third.status;
    };
    await expect.poll(again).toBe(200);
    expect((await third.arrayBuffer()).byteLength).toBe(64 * 1024 * 1024);
  });
});
