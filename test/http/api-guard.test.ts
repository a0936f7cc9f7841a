import type { InjectOptions } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ApiToken } from '../../src/config/schema.js';
import { keptToken } from '../../src/config/token-file.js';
import { Api } from '../../src/http/api.js';
import { apiGuard } from '../../src/http/api-guard.js';
import { createListener } from '../../src/http/app.js';
import { createLog } from '../../src/log.js';

const ADMIN = 'admin-token-0123456789';
const READ = 'read-token-0123456789';
const TOKENS = [keptToken({ role: 'admin', token: ADMIN }), keptToken({ role: 'read', token: READ })];

function listener(first: readonly ApiToken[] | 'none' = TOKENS) {
  let tokens = first === 'none' ? undefined : first;
  let now = 0;
  const lines: string[] = [];
  const app = createListener(createLog('trace', { write: (line) => void lines.push(line) }));
  onTestFinished(() => app.close());
  const api = new Api(app, apiGuard({ tokens: () => tokens, ticks: () => now }));
  const common = { path: '/api/v1/things', tag: 'things', summary: '', answers: { 204: { about: '' } } } as const;
  for (const method of ['GET', 'POST'] as const) api.route({ ...common, method, handle: () => ({ status: 204 }) });
  const ask = async (authorization?: string, more: InjectOptions = {}) => {
    const headers = { host: 'boot.lab:8081', ...more.headers, ...(authorization !== undefined && { authorization }) };
    const { statusCode, headers: told, payload } = await app.inject({ url: '/api/v1/things', ...more, headers });
    return { status: statusCode, headers: told, payload };
  };
  return {
    ask,
    lines,
    renew: (next: readonly ApiToken[]) => {
      tokens = next;
    },
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('the API with tokens', () => {
  it('answers by their roles, under any name', async () => {
    const { ask } = listener();
    const statusOf = async (token: string, method: 'GET' | 'POST') => (await ask(`Bearer ${token}`, { method })).status;
    expect([await statusOf(ADMIN, 'GET'), await statusOf(ADMIN, 'POST'), await statusOf(READ, 'GET')]).toEqual([
      204, 204, 204,
    ]);
    const { status, payload } = await ask(`Bearer ${READ}`, { method: 'POST' });
    expect([status, JSON.parse(payload)]).toEqual([
      403,
      {
        error: {
          code: 'FORBIDDEN',
          message: "the token's role is read, and this needs admin",
          details: { remedy: 'use a token of the role admin' },
        },
      },
    ]);
  });

  it.each([
    ['none', undefined],
    ['an unknown one', 'Bearer admin-token-0123456780'],
    ['the beginning of one', `Bearer ${ADMIN.slice(0, -1)}`],
    ['one in another case', `Bearer ${ADMIN.toUpperCase()}`],
    ['the hash of one', `Bearer ${TOKENS[0]?.sha256}`],
    ['another scheme', `Basic ${ADMIN}`],
    ['no scheme', ADMIN],
    ['two', `Bearer ${ADMIN} ${READ}`],
  ])('wants a token that it knows, not %s', async (_name, authorization) => {
    const { ask, lines } = listener();
    const { status, headers, payload } = await ask(authorization);
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="bootlayer"']);
    expect(JSON.parse(payload)).toMatchObject({
      error: { code: 'UNAUTHORIZED', details: { remedy: expect.stringContaining('Authorization: Bearer') as unknown } },
    });
    const word = authorization?.split(' ').at(-1) ?? 'nothing-was-sent';
    expect(`${lines.join('')}${payload}`).not.toContain(word);
  });

  it('goes by those that count now', async () => {
    const { ask, renew } = listener();
    const next = 'another-token-0123456789';
    renew([keptToken({ role: 'admin', token: next })]);
    expect([(await ask(`Bearer ${next}`)).status, (await ask(`Bearer ${ADMIN}`)).status]).toEqual([204, 401]);
  });

  it('looks at so many wrong ones of an address, and goes on after a moment', async () => {
    const { ask, pass } = listener();
    for (let times = 0; times < 10; times += 1) expect((await ask(`Bearer wrong-${times}`)).status).toBe(401);
    const { status, headers } = await ask(`Bearer ${ADMIN}`);
    expect([status, headers['retry-after']]).toEqual([429, '1']);
    expect((await ask(`Bearer ${ADMIN}`, { remoteAddress: '10.0.0.9' })).status).toBe(204);
    pass(100);
    expect((await ask(`Bearer ${ADMIN}`)).status).toBe(204);
  });

  it('gives every token its turns', async () => {
    const { ask, pass } = listener();
    for (let times = 0; times < 400; times += 1) expect((await ask(`Bearer ${ADMIN}`)).status).toBe(204);
    expect((await ask(`Bearer ${ADMIN}`)).status).toBe(429);
    expect((await ask(`Bearer ${READ}`)).status).toBe(204);
    pass(10);
    expect((await ask(`Bearer ${ADMIN}`)).status).toBe(204);
  });
});

describe('the API without tokens', () => {
  it.each([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:8081' }, 204],
    [{ 'sec-fetch-site': 'none' }, 204],
    [{}, 204],
  ])('lets no page of another site change anything (%j)', async (headers, status) => {
    const { ask } = listener('none');
    const more = { headers: { host: '127.0.0.1:8081', ...headers } };
    expect((await ask(undefined, { method: 'POST', ...more })).status).toBe(status);
    expect((await ask(undefined, { method: 'GET', ...more })).status).toBe(204);
  });

  it('is for this host, and no page of others, and bounded all the same', async () => {
    const { ask } = listener('none');
    expect((await ask()).status).toBe(400);
    const own = { headers: { host: '127.0.0.1:8081' }, method: 'POST' } as const;
    for (let times = 0; times < 400; times += 1) expect((await ask(undefined, own)).status).toBe(204);
    expect((await ask(undefined, own)).status).toBe(429);
  });
});
