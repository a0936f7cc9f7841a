import { expect, it } from 'vitest';
import { ALWAYS } from '../../src/boot/policy.js';
import { Attempts } from '../../src/booter/attempts.js';
import { createMapping } from '../../src/booter/mapping.js';
import { Standings } from '../../src/booter/standings.js';
import type { Subject } from '../../src/machine/inventory.js';
import { TestClock } from '../fixtures/booter.js';
import { assignment, facts, MAC, machine } from '../fixtures/mappings.js';
import { MemoryStandings, testPolicies } from '../fixtures/policies.js';

const HOUR = 3_600_000;
const LIMITED = { mode: 'once', doneWhen: 'reported', limit: { maxAttempts: 2, window: HOUR } } as const;
const KNOWN: Subject = {
  ...{ name: 'node-01', machine: machine(), contradictions: [], mayBeKnown: false },
  facts: facts({ sourceAddress: '' }),
};

async function site(policy: ReturnType<typeof assignment>['policy'] = LIMITED, doubtedSince?: number) {
  const clock = new TestClock();
  clock.milliseconds = 10 * HOUR;
  const store = new MemoryStandings();
  store.doubtedSince = doubtedSince;
  const standings = await Standings.open({ store, newId: () => 'id' });
  const attempts = new Attempts();
  const { policies } = testPolicies({ standings, attempts, clock, events: () => undefined });
  const mapping = (more = {}) =>
    createMapping({
      machines: [machine()],
      assignments: [assignment({ policy, ...more })],
      defaults: { kernelArgs: {} },
    });
  return { outlook: (more = {}) => policies.outlooks.of(KNOWN, mapping(more)), attempts, standings, clock };
}

it('tells the policy in force and how often a machine was booted, until it is held', async () => {
  const { outlook, attempts, clock } = await site();
  expect(outlook()).toMatchObject({ assignment: { policy: LIMITED }, attempts: 0, verdict: { kind: 'image' } });
  const now = clock.milliseconds;
  for (const [boot, at] of [
    ['old', now - 2 * HOUR],
    ['a', now - HOUR / 2],
    ['b', now - HOUR / 4],
  ] as const)
    attempts.add({ machine: 'node-01', boot, at });
  const held = { attempts: 2, heldUntil: now + HOUR / 2, verdict: { kind: 'local', why: 'attempts' } };
  expect(outlook()).toMatchObject(held);
  clock.milliseconds = held.heldUntil;
  expect(outlook()).toMatchObject({ attempts: 1, heldUntil: undefined, verdict: { kind: 'image' } });
});

it('tells what is done, and what is in doubt', async () => {
  const done = await site();
  await done.standings.change({ machine: 'node-01', keys: ['name node-01'] }, (standing) => ({
    ...standing,
    done: { at: 1, by: 'operator' },
  }));
  expect(done.outlook()).toMatchObject({ doubt: undefined, verdict: { kind: 'local', why: 'done' } });
  const doubted = await site(LIMITED, 7);
  expect(doubted.outlook()).toMatchObject({ doubt: { kind: 'since', at: 7 }, verdict: { kind: 'unsure' } });
});

it('tells what no assignment matches, and what its report may yet decide', async () => {
  const { outlook } = await site();
  expect(outlook({ match: { mac: ['52:54:00:00:00:99'] } })).toMatchObject({
    assignment: undefined,
    verdict: { kind: 'unmapped' },
  });
  expect(outlook({ match: { mac: [MAC], firmware: ['bios'] } })).toMatchObject({
    undecided: { policy: LIMITED },
    assignment: undefined,
  });
});

it('boots nobody by a policy who cannot be shown to be the machine, and tells why', async () => {
  const outlook = async (policy: ReturnType<typeof assignment>['policy'], isVerified = true) => {
    const events = () => undefined;
    const identity = () => ({ verify: isVerified, trustedRelays: [] });
    const { policies } = testPolicies({ events, clock: new TestClock(), identity });
    const nameless = machine({ macs: [] });
    const mapping = createMapping({
      machines: [nameless],
      assignments: [assignment({ policy })],
      defaults: { kernelArgs: {} },
    });
    return policies.outlooks.of(
      { ...KNOWN, machine: nameless, facts: facts({ macs: [], sourceAddress: '' }) },
      mapping,
    );
  };
  expect(await outlook(LIMITED)).toMatchObject({
    verdict: { kind: 'local', why: 'doubted', reason: expect.stringContaining('no MAC of node-01 is known') as string },
  });
  expect(await outlook(LIMITED, false)).toMatchObject({ verdict: { kind: 'image' } });
  expect(await outlook(ALWAYS)).toMatchObject({ verdict: { kind: 'image' } });
});
