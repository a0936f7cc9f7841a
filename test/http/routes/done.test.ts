import { afterEach, expect, it } from 'vitest';
import { BootlayerError } from '../../../src/errors.js';
import { createListener } from '../../../src/http/app.js';
import { doneRoutes } from '../../../src/http/routes/done.js';
import { createLog } from '../../../src/log.js';

const refused: string[] = [];
const logged: string[] = [];
afterEach(() => {
  refused.length = 0;
  logged.length = 0;
});

function listener(report: (capability: string, address: string) => Promise<boolean>) {
  const app = createListener(createLog('warn', { write: (line) => void logged.push(line) }));
  doneRoutes(app, { report, refused: (address, reason) => refused.push(`${address}: ${reason}`) });
  return app;
}

const known = async (capability: string) => capability === 'known';

it.each([
  undefined,
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'application/json' },
  { 'content-type': 'text/nonsense; charset=x' },
  { 'content-type': 'no type at all' },
  { 'content-type': '' },
  { 'content-type': 'application/json', 'content-length': '2' },
])('takes whatever a tool posts (%j)', async (headers) => {
  const app = listener(known);
  const sent = headers === undefined ? {} : { headers, payload: '{"' };
  const done = await app.inject({ method: 'POST', url: '/boot/done/known', ...sent });
  expect([done.statusCode, done.payload]).toEqual([204, '']);
});

it('knows no other boot', async () => {
  const app = listener(known);
  const post = await app.inject({ method: 'POST', url: '/boot/done/other' });
  expect([post.statusCode, post.json()]).toEqual([
    404,
    { error: { code: 'NOT_FOUND', message: 'there is no such boot' } },
  ]);
});

it.each(['GET', 'PUT'] as const)('says to who asks by %s that it is to post, and tells so', async (method) => {
  const app = listener(known);
  const { statusCode, headers, payload } = await app.inject({ method, url: '/boot/done/known' });
  expect([statusCode, headers['allow'], payload]).toEqual([405, 'POST', expect.stringContaining('curl -X POST')]);
  expect(refused).toEqual([expect.stringMatching(`^127.0.0.1: it asks by ${method}: POST to it`)]);
});

it('says when it could not be kept, so that the machine tells again', async () => {
  const app = listener(() => Promise.reject(new BootlayerError('DISK_FULL', 'no room')));
  const post = await app.inject({ method: 'POST', url: '/boot/done/known' });
  expect(post.statusCode).toBe(507);
  // Whoever reads the log is not to say that it is done.
  expect(logged).toEqual([expect.stringContaining('"url":"/boot/done/…"')]);
});

it('counts a report whose body is too long, and reads no more of it', async () => {
  const reported: string[] = [];
  const app = listener(async (capability) => reported.push(capability) > 0);
  const payload = 'x'.repeat(70_000);
  const long = await app.inject({ method: 'POST', url: '/boot/done/known', payload });
  expect([long.statusCode, long.headers['connection']]).toEqual([204, 'keep-alive']);
  const tooLong = await app.inject({ method: 'POST', url: '/boot/done/known', payload: payload.repeat(20) });
  expect([tooLong.statusCode, tooLong.headers['connection']]).toEqual([204, 'close']);
  expect(reported).toHaveLength(2);
});
