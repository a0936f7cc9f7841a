import { describe, expect, it, onTestFinished } from 'vitest';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { cacheRoutes } from '../../../src/http/routes/cache.js';
import { createLog } from '../../../src/log.js';

const FOLDER = '/data/cache';

const [ONE, OTHER] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];
const HOLDINGS = [
  { digest: OTHER, size: 200, isPart: false, lastUsed: 1_000 },
  { digest: ONE, size: 50, isPart: true, lastUsed: 2_000 },
  { digest: ONE, size: 100, isPart: false, lastUsed: 3_000 },
];

function listener() {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const asked: unknown[] = [];
  cacheRoutes(new Api(app), {
    folder: FOLDER,
    holdings: async () => HOLDINGS,
    limit: () => 5_000,
    collect: async (options) => {
      asked.push(options);
      return { removed: [] };
    },
  });
  const post = async (body: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/api/v1/cache/gc',
      headers: { host: '127.0.0.1:8081', 'content-type': 'application/json', ...headers },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: answer.statusCode, body: answer.json<unknown>() };
  };
  const get = async (query = '') => {
    const answer = await app.inject({ url: `/api/v1/cache${query}`, headers: { host: '127.0.0.1:8081' } });
    return { status: answer.statusCode, body: answer.json<{ blobs: unknown[]; next?: string }>() };
  };
  return { post, get, asked };
}

describe('GET /api/v1/cache', () => {
  it('tells what there is, page by page, and what all of it takes', async () => {
    const { get } = listener();
    const { body } = await get('?limit=1');
    expect(body).toEqual({
      ...{ folder: FOLDER, bytes: 350, count: 3, limit: 5_000, next: ONE },
      blobs: [
        { digest: ONE, size: 50, isPart: true, lastUsed: '1970-01-01T00:00:02.000Z' },
        { digest: ONE, size: 100, isPart: false, lastUsed: '1970-01-01T00:00:03.000Z' },
      ],
    });
    const { body: more } = await get(`?limit=1&after=${body.next}`);
    expect([more.blobs, more.next]).toEqual([[expect.objectContaining({ digest: OTHER })], undefined]);
    expect((await get('?limit=0')).status).toBe(400);
  });
});

describe('POST /api/v1/cache/gc', () => {
  it('collects, and says what went', async () => {
    const { post, asked } = listener();
    expect(await post({ folder: FOLDER })).toEqual({ status: 200, body: { removed: [] } });
    expect(await post({ folder: FOLDER, force: true, dryRun: true }, { host: '[::1]:8081' })).toMatchObject({
      status: 200,
    });
    expect(asked).toEqual([
      { force: false, dryRun: false },
      { force: true, dryRun: true },
    ]);
  });

  it("leaves another server's cache alone", async () => {
    const { post, asked } = listener();
    expect(await post({ folder: '/elsewhere' })).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
    expect(asked).toEqual([]);
  });

  it.each([
    ['no body', '', {}],
    ['no JSON', '{', {}],
    ['another shape', [], {}],
    ['what it does not know', { folder: FOLDER, all: true }, {}],
    ['another type', { folder: FOLDER, force: 'yes' }, {}],
    ['the form of a page', 'folder=/data/cache', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text, as a page may send it unasked', JSON.stringify({ folder: FOLDER }), { 'content-type': 'text/plain' }],
    ['the name of a page', { folder: FOLDER }, { host: 'boot.example.com:8081' }],
    ['a name that only looks like an address', { folder: FOLDER }, { host: '127.0.0.1.example.com' }],
  ])('refuses %s', async (_name, body, headers) => {
    const { post, asked } = listener();
    const { status, body: answer } = await post(body, headers);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(answer).toMatchObject({ error: { code: 'REQUEST_INVALID' } });
    expect(asked).toEqual([]);
  });
});
