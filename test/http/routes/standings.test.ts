import { describe, expect, it, onTestFinished } from 'vitest';
import type { EnrolledMachine } from '../../../src/boot/policy-ports.js';
import { type Standing, withChange } from '../../../src/boot/standing.js';
import type { Outlook } from '../../../src/booter/outlooks.js';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { type StandingRouteParts, shownStanding, standingRoutes } from '../../../src/http/routes/standings.js';
import { createLog } from '../../../src/log.js';
import { withDefaultRegistry } from '../../../src/oci/reference.js';
import { assignment, facts, MAC } from '../../fixtures/mappings.js';

const NOW = Date.parse('2027-01-31T02:00:00Z');
const POLICY = { mode: 'once', doneWhen: 'reported', limit: { maxAttempts: 3, window: 3_600_000 } } as const;
const OUTLOOK: Outlook = {
  ...{ assignment: assignment({ policy: POLICY }), undecided: undefined, attempts: 3 },
  ...{ heldUntil: NOW + 1_000, doubt: { kind: 'since', at: 5_000 } },
  verdict: { kind: 'local', why: 'attempts', reason: 'too often' },
};
const one = (name: string): EnrolledMachine => ({ name, facts: facts(), firstAt: 1_000, lastAt: 2_000, isShown: true });

function listener(outlook: Outlook = OUTLOOK) {
  const app = createListener(createLog('silent', { write: () => undefined }));
  onTestFinished(() => app.close());
  const known = new Map<string, Standing>();
  const enrolled = ['a', 'b', 'c'].map(one);
  const parts: StandingRouteParts = {
    knows: (machine) => machine === 'node-01',
    of: (machine) => known.get(machine),
    outlook: () => outlook,
    change: async (machine, change) => {
      const changed = withChange(known.get(machine) ?? { machine }, change, { now: NOW, newId: () => 'id' });
      known.set(machine, changed);
      return changed;
    },
    enrolled: async ({ after = '', limit }) => enrolled.filter(({ name }) => name > after).slice(0, limit),
    forget: async (name) => name === 'a',
    forgetStanding: async (machine) => known.delete(machine),
    reference: (written) => withDefaultRegistry(written, 'registry.lab:5000'),
    doubtsOf: async (image) => [`${image} cannot be had`],
    now: () => NOW,
  };
  standingRoutes(new Api(app), parts);
  const ask = async (method: 'GET' | 'PATCH' | 'DELETE', path: string, payload?: object) => {
    const headers = { host: '127.0.0.1' };
    const answer = await app.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, body: answer.payload === '' ? undefined : answer.json<unknown>() };
  };
  return { ask, parts };
}

const PATH = '/machines/node-01/standing';

describe('/api/v1/machines/<name>/standing', () => {
  it('tells what is known, the policy in force, and what the machine would be told now', async () => {
    const { ask } = listener();
    expect(await ask('GET', PATH)).toEqual({
      status: 200,
      body: {
        machine: 'node-01',
        isDone: false,
        policy: { assignment: 'all', mode: 'once', doneWhen: 'reported', maxAttempts: 3, window: 3_600 },
        attempts: 3,
        heldUntil: '2027-01-31T02:00:01.000Z',
        inDoubt: true,
        doubtedSince: '1970-01-01T00:00:05.000Z',
        ifAsked: { boots: 'local', reason: 'too often' },
      },
    });
  });

  it.each([
    [{ kind: 'image' }, { boots: 'image', image: 'registry.lab:5000/os/debian:12' }],
    [
      { kind: 'next', next: { id: 'id', image: 'lab/os:2', wishedAt: 0 } },
      { boots: 'next', image: 'lab/os:2' },
    ],
    [
      { kind: 'unsure', why: 'standing', reason: 'who knows' },
      { boots: 'waits', reason: 'who knows' },
    ],
    [{ kind: 'unmapped' }, { boots: 'nothing', reason: 'no assignment matches this machine' }],
  ] as const)('tells that it would be told %j', async (verdict, ifAsked) => {
    const { ask } = listener({ ...OUTLOOK, doubt: undefined, verdict });
    expect((await ask('GET', PATH)).body).toMatchObject({ inDoubt: false, ifAsked });
  });

  it('changes what operators change, and takes it back', async () => {
    const { ask, parts } = listener();
    const next = { image: 'os/debian:13' };
    expect((await ask('PATCH', PATH, { done: true, next, reprovision: {} })).body).toMatchObject({
      isDone: false,
      done: { by: 'operator' },
      next: { image: 'registry.lab:5000/os/debian:13' },
      reprovision: { at: '2027-01-31T02:00:00.000Z' },
      warnings: ['registry.lab:5000/os/debian:13 cannot be had', 'it boots its local disk all the same: too often'],
    });
    const back = await ask('PATCH', PATH, { next: null, reprovision: null });
    expect(back.body).toMatchObject({ isDone: true, warnings: [] });
    expect(back.body).not.toHaveProperty('next');
    expect(shownStanding(parts, 'node-01')).toMatchObject({ isDone: true });
    expect(shownStanding(parts, 'nobody')).toBeUndefined();
  });

  it('refuses a time without its zone, and what it does not know', async () => {
    const { ask } = listener();
    for (const wrong of [{ reprovision: { at: '2027-01-31T02:00:00' } }, { done: false }, { more: 1 }]) {
      expect((await ask('PATCH', PATH, wrong)).status).toBe(400);
    }
  });
});

describe('/api/v1/enrolled', () => {
  it('lists those that wait, page by page', async () => {
    const { ask } = listener();
    const page = (name: string) => expect.objectContaining({ name, isShown: true }) as unknown;
    expect((await ask('GET', '/enrolled?limit=2')).body).toEqual({ enrolled: [page('a'), page('b')], next: 'b' });
    expect((await ask('GET', '/enrolled?limit=2&after=b')).body).toEqual({ enrolled: [page('c')] });
    expect((await ask('GET', '/enrolled?limit=3')).body).not.toHaveProperty('next');
  });

  it('forgets one that is there', async () => {
    const { ask } = listener();
    expect((await ask('DELETE', '/enrolled/a')).status).toBe(204);
    expect((await ask('DELETE', `/enrolled/${MAC}`)).status).toBe(404);
  });
});
