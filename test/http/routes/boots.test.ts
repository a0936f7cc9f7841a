import { expect, it, onTestFinished } from 'vitest';
import { type Boot, newBoot, withStep } from '../../../src/boot/boot.js';
import type { BootQuery } from '../../../src/boot/ports.js';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { bootRecordRoutes } from '../../../src/http/routes/boots.js';
import { createLog } from '../../../src/log.js';
import { BOOT_STEPS } from '../../fixtures/boot-steps.js';

const STEPS = [
  { at: 1_000, event: BOOT_STEPS.script },
  { at: 2_000, event: BOOT_STEPS.kernelStarted },
];
const BOOT: Boot = STEPS.reduce(withStep, newBoot('ab12', 'node-01', 1_000));

const FOUND = { finding: 'download-aborted', at: 2_000, remedy: 'see its screen' } as const;

const IDS = ['ab12', 'ac1', 'ac2', 'ac3', 'ac4', 'ac5', 'ac6'];

function listener(found: readonly Boot[] = [BOOT, { ...BOOT, id: 'aa11' }]) {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const asked: BootQuery[] = [];
  bootRecordRoutes(new Api(app), {
    boots: {
      findBoots: async (query) => {
        asked.push(query);
        return found.slice(0, query.limit);
      },
      findBootIds: async (prefix, most) => IDS.filter((id) => id.startsWith(prefix)).slice(0, most),
      findBoot: async (id) => (id === BOOT.id ? { boot: BOOT, steps: STEPS } : undefined),
    },
    firstFinding: ({ id }) => (id === 'aa11' ? 'script-without-kernel' : undefined),
    findings: ({ steps }) => [{ ...FOUND, evidence: `${steps.length} steps` }],
    settled: async () => undefined,
  });
  const get = async (url: string, host = '127.0.0.1:8081') => {
    const answer = await app.inject({ url, headers: { host } });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  return { get, asked };
}

const PRESENTED = {
  ...{ id: 'ab12', machine: 'node-01', state: 'fetching', assignment: 'all', stepCount: 2 },
  ...{ beganAt: '1970-01-01T00:00:01.000Z', lastAt: '1970-01-01T00:00:02.000Z' },
};

it('lists boots, with where the next page begins', async () => {
  const { get, asked } = listener();
  expect((await get('/api/v1/boots')).body).toEqual({
    boots: [
      expect.objectContaining(PRESENTED),
      expect.objectContaining({ id: 'aa11', finding: 'script-without-kernel' }),
    ],
  });
  expect((await get('/api/v1/boots?limit=1')).body).toMatchObject({ next: '1000-ab12' });
  await get('/api/v1/boots?machine=node-01&limit=5&before=1000-ab12');
  await get('/api/v1/boots?state=refused&since=1970-01-01T01:00:00%2B01:00');
  expect(asked).toEqual([
    { limit: 101 },
    { limit: 2 },
    { machine: 'node-01', limit: 6, before: { beganAt: 1_000, id: 'ab12' } },
    { state: 'refused', since: 0, limit: 101 },
  ]);
});

it('shows one with its steps, in words too', async () => {
  const { get } = listener();
  const { status, body } = await get('/api/v1/boots/ab12');
  expect([status, body]).toEqual([200, expect.objectContaining(PRESENTED)]);
  expect(body.steps).toEqual([
    expect.objectContaining({
      event: 'script.sent',
      at: '1970-01-01T00:00:01.000Z',
      text: 'node-01 gets the script for registry.lab:5000/os/debian:12 (assignment all)',
    }),
    expect.objectContaining({ event: 'artifact.started', role: 'kernel' }),
  ]);
  expect(body.findings).toEqual([{ ...FOUND, at: '1970-01-01T00:00:02.000Z', evidence: '2 steps' }]);
  expect((await get('/api/v1/boots/ab')).body).toEqual(body);
  expect(await get('/api/v1/boots/cd34')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
});

it('says which boots an unfinished id may mean', async () => {
  const { get } = listener();
  const { status, body } = await get('/api/v1/boots/ac');
  expect([status, body]).toMatchObject([
    400,
    { error: { message: 'several boots begin with "ac": ac1, ac2, ac3, ac4, ac5 and more' } },
  ]);
});

it('says why a boot is refused', async () => {
  const refused = withStep(BOOT, { at: 3_000, event: BOOT_STEPS.refused });
  const { boots } = (await listener([refused]).get('/api/v1/boots')).body;
  expect(boots).toMatchObject([{ state: 'refused', reason: BOOT_STEPS.refused.reason }]);
});

it.each([
  'state=lost',
  'since=1h',
  'since=2026-01-01',
  'limit=0',
  'limit=1001',
  'limit=x',
  'before=x',
  'before=1000-AB',
  'machines=a',
  'machine=a&machine=b',
])('refuses %s', async (query) => {
  const { get, asked } = listener();
  expect(await get(`/api/v1/boots?${query}`)).toMatchObject({
    status: 400,
    body: { error: { code: 'REQUEST_INVALID' } },
  });
  expect(asked).toEqual([]);
});

it('refuses pages of others', async () => {
  const { get } = listener();
  for (const path of ['/api/v1/boots', '/api/v1/boots/ab12'])
    expect((await get(path, 'boot.example.com')).status).toBe(400);
});
