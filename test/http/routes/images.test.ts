import { expect, it, onTestFinished } from 'vitest';
import { BootlayerError } from '../../../src/errors.js';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { imageRoutes } from '../../../src/http/routes/images.js';
import { createLog } from '../../../src/log.js';

const IMAGE = { reference: 'lab:5000/os:1', assignments: ['a'], assignmentCount: 1, resolutions: [] };

function listener() {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const asked: unknown[] = [];
  imageRoutes(new Api(app), {
    page: (query) => {
      asked.push(query);
      return { images: [IMAGE], next: 'x' };
    },
    resolve: async (reference) => {
      if (reference === 'gone') throw new BootlayerError('NOT_FOUND', 'no assignment names it');
      return { ...IMAGE, problems: [] };
    },
    prefetch: async (reference) => ({ reference, bytes: 0, blobs: [] }),
  });
  const ask = async (method: 'GET' | 'POST', path: string, payload?: object) => {
    const headers = { host: '127.0.0.1:8081' };
    const answer = await app.inject({ method, url: `/api/v1/images${path}`, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, body: answer.json<unknown>() };
  };
  return { ask, asked };
}

it('lists, resolves and prefetches', async () => {
  const { ask, asked } = listener();
  expect(await ask('GET', '?limit=5&after=lab')).toEqual({ status: 200, body: { images: [IMAGE], next: 'x' } });
  await ask('GET', '');
  expect(asked).toEqual([{ limit: 5, after: 'lab' }, { limit: 100 }]);
  const body = { reference: 'lab:5000/os:1' };
  expect(await ask('POST', '/resolve', body)).toEqual({ status: 200, body: { ...IMAGE, problems: [] } });
  expect(await ask('POST', '/prefetch', body)).toEqual({ status: 202, body: { ...body, bytes: 0, blobs: [] } });
});

it.each([
  ['nothing', undefined, 400, 'body: is missing: send it in JSON'],
  ['no reference', {}, 400, 'body "reference": is missing'],
  ['a number', { reference: 1 }, 400, 'body "reference": must be text: quote it'],
  ['what is not mapped', { reference: 'gone' }, 404, 'no assignment names it'],
])('refuses to resolve %s', async (_name, body, status, message) => {
  expect(await listener().ask('POST', '/resolve', body)).toMatchObject({ status, body: { error: { message } } });
});
