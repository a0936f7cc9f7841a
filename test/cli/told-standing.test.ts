import { expect, it } from 'vitest';
import { describeDoubt, notDoneLines } from '../../src/cli/state-show.js';
import { outlookLines, type ToldStanding } from '../../src/cli/told-standing.js';

const STANDING: ToldStanding = { machine: 'node-01', isDone: false, inDoubt: false };

it('tells the policy, how often it booted, and what it would be told', () => {
  const policy = { assignment: 'db', mode: 'once', doneWhen: 'reported', maxAttempts: 5, window: 3_600 };
  const ifAsked = { boots: 'image', image: 'lab/os:1' };
  expect(outlookLines({ ...STANDING, policy, attempts: 2, ifAsked })).toEqual([
    'policy: once, done when it reports (assignment db)',
    'attempts: 2 of 5 within 1 h',
    'if it asked now: it boots lab/os:1',
  ]);
  const held = { heldUntil: '2027-01-31T02:00:00.000Z', ifAsked: { boots: 'local', reason: 'often' } };
  expect(outlookLines({ ...STANDING, policy: { ...policy, mode: 'always' }, ...held })).toEqual([
    'policy: always (assignment db)',
    'held until 2027-01-31T02:00:00.000Z, or bootlayer machine release node-01',
    'if it asked now: it boots its local disk: often',
  ]);
});

it('tells a doubt, and what is not decided', () => {
  const more = { inDoubt: true, doubtedSince: '2027-01-31T02:00:00.000Z', undecided: 'arm' };
  expect(outlookLines({ ...STANDING, ...more, ifAsked: { boots: 'waits', reason: 'why' } })).toEqual([
    'policy: none, since no assignment matches it',
    'what it reports when it asks may choose assignment arm instead',
    'the state is in doubt since 2027-01-31T02:00:00.000Z: bootlayer state show',
    'if it asked now: it waits: why',
  ]);
});

it('says nothing of what an older server does not tell', () => {
  expect(outlookLines({ machine: 'node-01', isDone: true })).toEqual([]);
});

it('tells why a state is not taken for whole, and what to do', () => {
  expect(describeDoubt({ isDoubted: false })).toBe('the state is taken for whole');
  expect(describeDoubt({ isDoubted: true, doubtedSince: '2027-01-31T02:00:00.000Z' })).toMatch(
    /^the state is in doubt since 2027-01-31T02:00:00.000Z, .*state accept$/,
  );
  expect(describeDoubt({ isDoubted: true })).toMatch(/^what the state says of some machines is damaged: /);
});

it('names the machines that would be installed, twenty at most', () => {
  expect(notDoneLines({ count: 1, machines: ['a'] })).toEqual([
    '1 machine under once is not known as done, and would be installed: a',
  ]);
  const machines = Array.from({ length: 25 }, (_, index) => `n${index}`);
  expect(notDoneLines({ count: 1_025, machines })[0]).toMatch(/^1025 machines under once are .* n19 and 1005 more$/);
  expect(notDoneLines({ count: 0, machines: [] })).toEqual([]);
});
