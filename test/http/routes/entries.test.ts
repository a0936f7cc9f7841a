import { expect, it, onTestFinished } from 'vitest';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { entryRoutes } from '../../../src/http/routes/entries.js';
import { createLog } from '../../../src/log.js';
import { FILE, openEntries } from '../../fixtures/entries.js';

const FILES = `machines:
  - { name: f1, mac: "52:54:00:00:00:01", labels: { rack: r1 } }
assignments:
  - { name: all, match: {}, image: "lab:5000/os:1" }
provisions:
  worker: { ignition: { template: worker.ign }, secrets: { core: { file: /run/secrets/core } } }
`;
const [A, ALL] = ['/api/v1/machines/a', '/api/v1/assignments/all'] as const;

async function listener() {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const { book } = await openEntries(FILES);
  entryRoutes(new Api(app), {
    entries: book,
    standingOf: (machine) => (machine === 'a' ? { state: 'waiting' } : undefined),
  });
  const send = async (
    method: 'GET' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    { body, ...headers }: Record<string, unknown> = {},
  ) => {
    const answer = await app.inject({
      ...{ method, url },
      headers: { host: '127.0.0.1', ...(headers as Record<string, string>) },
      ...(body !== undefined && { payload: body as object }),
    });
    const { statusCode: status, headers: got, body: text } = answer;
    return { status, etag: String(got.etag), body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  };
  return { send };
}

it('creates, shows, replaces and deletes', async () => {
  const { send } = await listener();
  const document = { mac: '52-54-00-00-00-02', labels: { rack: 'r1' } };
  const created = await send('PUT', A, { body: document });
  const shown = { name: 'a', ...document, source: { kind: 'api' }, inForce: true, standing: { state: 'waiting' } };
  expect([created.status, created.body]).toEqual([
    201,
    { ...shown, warnings: [], revision: expect.any(String) as string },
  ]);
  expect(created.etag).toBe(`"${String(created.body['revision'])}"`);
  expect(await send('GET', A)).toMatchObject({ status: 200, etag: created.etag, body: shown });
  const replaced = await send('PUT', A, { body: { name: 'a', serial: '7' } });
  expect([replaced.status, replaced.body['mac']]).toEqual([200, undefined]);
  expect(replaced.etag).not.toBe(created.etag);
  expect(await send('DELETE', A)).toMatchObject({ status: 204 });
  for (const method of ['GET', 'DELETE'] as const)
    expect(await send(method, A)).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
});

it('changes what was read, and nothing else', async () => {
  const { send } = await listener();
  const { etag } = await send('PUT', A, { body: { serial: '7' }, 'if-none-match': '*' });
  const failed = { status: 412, body: { error: { code: 'PRECONDITION_FAILED' } } };
  expect(await send('PUT', A, { body: {}, 'if-none-match': '*' })).toMatchObject(failed);
  const patched = await send('PATCH', A, { body: { hostname: 'db' }, 'if-match': `"other", ${etag}` });
  expect([patched.status, patched.body['hostname']]).toEqual([200, 'db']);
  for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
    const body = method === 'DELETE' ? {} : { body: {} };
    expect(await send(method, A, { ...body, 'if-match': etag })).toMatchObject(failed);
    expect(await send(method, `${A}b`, { ...body, 'if-match': '*' })).toMatchObject(failed);
  }
  expect(await send('DELETE', A, { 'if-match': patched.etag })).toMatchObject({ status: 204 });
});

it('merges patches, and judges what comes of them', async () => {
  const { send } = await listener();
  await send('PUT', A, { body: { serial: '7', labels: { rack: 'r1', role: 'db' } } });
  const type = { 'content-type': 'application/merge-patch+json' };
  const patch = JSON.stringify({ serial: null, labels: { rack: null, x: 'y' } });
  expect((await send('PATCH', A, { ...type, body: patch })).body).toMatchObject({ labels: { role: 'db', x: 'y' } });
  expect((await send('GET', A)).body['serial']).toBeUndefined();
  expect(await send('PATCH', A, { body: { sreial: '7' } })).toMatchObject({
    status: 400,
    body: { error: { code: 'REQUEST_INVALID', details: { problems: [{ in: 'body', path: 'sreial' }] } } },
  });
  expect(await send('PATCH', A, { body: [] })).toMatchObject({ status: 400 });
  expect(await send('PATCH', `${A}b`, { body: {} })).toMatchObject({ status: 404 });
});

it('hands out what the configuration has under a name, and says no more of it', async () => {
  const { send } = await listener();
  const [url, body] = ['/api/v1/assignments/b', { match: {}, image: 'lab:5000/os:2' }];
  const wrong = (path: string) => ({
    status: 400,
    body: { error: { code: 'REQUEST_INVALID', details: { problems: [{ in: 'body', path }] } } },
  });
  const provision = { ignition: '/etc/shadow' };
  expect(await send('PUT', url, { body: { ...body, provision } })).toMatchObject(wrong('provision'));
  expect(await send('PUT', url, { body: { ...body, provision: 'wroker' } })).toMatchObject(wrong('provision'));
  const created = await send('PUT', url, { body: { ...body, provision: 'worker' } });
  expect([created.status, created.body['provision']]).toEqual([201, 'worker']);
  expect(await send('PATCH', url, { body: { provision } })).toMatchObject(wrong('provision'));
  const shown = [await send('GET', url), await send('GET', '/api/v1/assignments')];
  expect(JSON.stringify(shown)).toContain('"provision":"worker"');
  expect(JSON.stringify(shown)).not.toMatch(/worker\.ign|secrets/);
  const { body: without } = await send('PATCH', url, { body: { provision: null } });
  expect(without['provision']).toBeUndefined();
});

it('refuses what is wrong, what others have, and what files say', async () => {
  const { send } = await listener();
  expect(await send('PUT', A, { body: { mac: 'x', labels: { rack: 1 } } })).toMatchObject({
    status: 400,
    body: { error: { details: { problems: [{ path: 'mac[0]' }, { path: 'labels.rack' }] } } },
  });
  expect(await send('PUT', A, { body: { name: 'b' } })).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('is not the name in the path, "a"') as string } },
  });
  expect(await send('PUT', '/api/v1/machines/a%20b', { body: {} })).toMatchObject({ status: 400 });
  expect(await send('PUT', A, { body: { mac: '52:54:00:00:00:01' } })).toMatchObject({
    status: 409,
    body: { error: { code: 'CONFLICT', message: expect.stringContaining(`${FILE}:2`) as string } },
  });
  const readOnly = {
    status: 409,
    body: { error: { code: 'READ_ONLY_ENTRY', message: expect.stringContaining(`${FILE}:4`) as string } },
  };
  expect(await send('PUT', ALL, { body: { match: {}, image: 'lab:5000/os:2' } })).toMatchObject(readOnly);
  expect(await send('PATCH', ALL, { body: { priority: 1 } })).toMatchObject(readOnly);
  expect(await send('DELETE', ALL)).toMatchObject(readOnly);
});

it('tells what a change would do, and does not do it', async () => {
  const { send } = await listener();
  const body = { match: {}, priority: 1, image: 'lab:5000/os:2' };
  expect(await send('PUT', '/api/v1/assignments/b?dryRun=true', { body })).toMatchObject({
    status: 200,
    body: { dryRun: true, assignments: { added: ['b'] }, boots: [{ machine: 'f1', after: { assignment: 'b' } }] },
  });
  expect(await send('GET', '/api/v1/assignments/b')).toMatchObject({ status: 404 });
  await send('PUT', '/api/v1/assignments/b', { body });
  const gone = { status: 200, body: { assignments: { removed: ['b'] }, boots: [{ machine: 'f1' }] } };
  expect(await send('DELETE', '/api/v1/assignments/b?dryRun=true')).toMatchObject(gone);
  expect(await send('PATCH', '/api/v1/assignments/b?dryRun=true', { body: { priority: -1 } })).toMatchObject({
    body: { assignments: { changed: ['b'] } },
  });
  expect((await send('GET', '/api/v1/assignments/b')).body).toMatchObject(body);
});

it('lists by name, filters and searches', async () => {
  const { send } = await listener();
  for (const [name, rack] of [
    ['b', 'r1'],
    ['é%?', 'r2'],
    ['a', 'r1=x'],
  ] as const)
    expect(
      (await send('PUT', `/api/v1/machines/${encodeURIComponent(name)}`, { body: { labels: { rack } } })).status,
    ).toBe(201);
  const list = async (query: string) => {
    const { body } = await send('GET', `/api/v1/machines?${query}`);
    return [(body['machines'] as { name: string }[]).map(({ name }) => name).join(' '), body['next']];
  };
  expect(await list('')).toEqual(['a b f1 é%?', undefined]);
  expect(await list('limit=2')).toEqual(['a b', 'b']);
  expect(await list('limit=2&after=b')).toEqual(['f1 é%?', undefined]);
  expect(await list('label=rack=r1')).toEqual(['b f1', undefined]);
  expect(await list('label=rack=r1=x')).toEqual(['a', undefined]);
  expect(await list('label=rack=r1&label=rack=r2')).toEqual(['', undefined]);
  expect(await list('source=file&search=5254')).toEqual(['f1', undefined]);
  for (const wrong of ['limit=0', 'limit=1001', 'label=rack', 'source=x', 'labels=a', 'after='])
    expect(await send('GET', `/api/v1/machines?${wrong}`)).toMatchObject({ status: 400 });
  expect(await send('GET', '/api/v1/assignments?label=a=b')).toMatchObject({ status: 400 });
});
