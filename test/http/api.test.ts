import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { mapping, text } from '../../src/config/values.js';
import { BootlayerError } from '../../src/errors.js';
import { Api, type ApiGuard } from '../../src/http/api.js';
import { createListener } from '../../src/http/app.js';
import { createLog } from '../../src/log.js';

const thing = mapping({ name: text(8), size: z.int('must be a whole number').optional() });

function listener(guard?: ApiGuard) {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const api = new Api(app, guard);
  const asked: unknown[] = [];
  api.route({
    method: 'PATCH',
    path: '/api/v1/things/{name}',
    tag: 'things',
    summary: 'Change a thing',
    takes: {
      params: z.strictObject({ name: z.string().max(8) }),
      query: mapping({ dryRun: z.enum(['true', 'false']).optional() }),
      headers: z.object({ 'if-match': z.string().max(40).optional() }),
      body: thing,
    },
    bodyTypes: ['application/merge-patch+json'],
    answers: { 200: { about: 'The thing', body: thing, headers: { etag: 'which one it is' } } },
    errors: ['NOT_FOUND'],
    handle: ({ params, query, headers, body }) => {
      asked.push({ params, query, headers, body });
      if (params.name === 'none') throw new BootlayerError('NOT_FOUND', 'there is no thing none');
      return { status: 200, body, headers: { etag: '"1"' } };
    },
  });
  api.route({
    method: 'GET',
    path: '/api/v1/things',
    tag: 'things',
    summary: 'List things',
    answers: { 200: { about: 'All', body: z.object({ things: z.array(thing) }) } },
    handle: async () => ({ status: 200, body: { things: [] } }),
  });
  const patch = async (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await app.inject({
      method: 'PATCH',
      url,
      headers: { host: '127.0.0.1', 'content-type': 'application/merge-patch+json', ...headers },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json<unknown>() };
  };
  return { app, api, asked, patch };
}

describe('a route that declares itself', () => {
  it('is given what it takes, parsed, and answers as it says', async () => {
    const { patch, asked } = listener();
    const answer = await patch('/api/v1/things/a', { name: 'a' }, { 'if-match': '"1"' });
    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'a' },
      headers: { etag: '"1"', 'cache-control': 'no-store' },
    });
    expect(asked).toEqual([{ params: { name: 'a' }, query: {}, headers: { 'if-match': '"1"' }, body: { name: 'a' } }]);
    expect((await patch('/api/v1/things/none', { name: 'a' })).status).toBe(404);
  });

  it('names the type that a body is to have, and what else is to be done about one', async () => {
    const { patch } = listener();
    const remedyOf = async (body: string, type: string) => {
      const answer = await patch('/api/v1/things/a', body, { 'content-type': type });
      const { error } = answer.body as { readonly error: { readonly details?: { readonly remedy?: string } } };
      return [answer.status, error.details?.remedy];
    };
    const json = 'send JSON, and say so with the header content-type: application/json';
    expect(await remedyOf('{}', 'text/plain')).toEqual([415, json]);
    expect(await remedyOf('{}', 'no type at all')).toEqual([415, json]);
    expect(await remedyOf('{', 'application/json')).toEqual([400, 'send JSON, such as {"name": "node-01"}']);
    expect((await remedyOf(`"${'x'.repeat(2 ** 20)}"`, 'application/json'))[0]).toBe(413);
  });

  it('refuses what it does not take, with everything that is wrong and where', async () => {
    const { patch, asked } = listener();
    const { status, body } = await patch('/api/v1/things/much-too-long?dryrun=true', { nam: 'a', size: 1.5 });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: {
        code: 'REQUEST_INVALID',
        message: expect.stringContaining('the request has 5 problems') as unknown,
        details: {
          problems: [
            { in: 'path', path: 'name' },
            { in: 'query', path: 'dryrun', message: expect.stringContaining('did you mean "dryRun"?') as unknown },
            { in: 'body', path: 'name', message: 'is missing' },
            { in: 'body', path: 'size', message: 'must be a whole number' },
            { in: 'body', path: 'nam', message: 'unknown key "nam", did you mean "name"?' },
          ],
        },
      },
    });
    expect(asked).toEqual([]);
  });

  it.each([
    ['nothing', '', 400],
    ['no JSON', '{"name"', 400],
    ['what would change every object', '{"__proto__": {"name": "a"}}', 400],
    ['too much', `{"name": "${'x'.repeat(1024 * 1024)}"}`, 413],
  ])('refuses a body of %s', async (_name, body, status) => {
    const answer = await listener().patch('/api/v1/things/a', body);
    expect(answer).toMatchObject({ status, body: { error: { code: 'REQUEST_INVALID' } } });
  });

  it('takes no query where it says nothing of one', async () => {
    const { app } = listener();
    const get = (url: string) => app.inject({ url, headers: { host: '127.0.0.1' } });
    expect((await get('/api/v1/things')).json()).toEqual({ things: [] });
    expect((await get('/api/v1/things?all=1')).statusCode).toBe(400);
  });

  it('is guarded, by whether it would change something', async () => {
    const asked: string[] = [];
    const { app, patch } = listener(async ({ url }, access) => {
      asked.push(`${access} ${url}`);
      if (access === 'admin') throw new BootlayerError('NOT_FOUND', 'not for you');
    });
    expect((await patch('/api/v1/things/a', { name: 'a' })).status).toBe(404);
    expect((await patch('/api/v1/things/a?dryRun=true', { name: 'a' })).status).toBe(200);
    expect((await app.inject('/api/v1/things')).statusCode).toBe(200);
    expect(asked).toEqual(['admin /api/v1/things/a', 'read /api/v1/things/a?dryRun=true', 'read /api/v1/things']);
  });
});
