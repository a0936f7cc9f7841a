import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOCK_SET } from '../../src/boot/clock-sense.js';
import { ALWAYS, type Circumstances, judge, type Policy, SHOWN } from '../../src/boot/policy.js';
import type { Standing } from '../../src/boot/standing.js';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const ONCE: Policy = { mode: 'once', doneWhen: 'reported' };
const HOLD: Policy = { mode: 'hold', doneWhen: 'reported' };
const LIMITED: Policy = { ...ALWAYS, limit: { maxAttempts: 2, window: HOUR } };
const DOUBTED = { kind: 'doubted', reason: 'another card answers there' } as const;
const NEXT = { id: 'n1', image: 'registry.lab:5000/os/rescue:1', wishedAt: NOW - 1 };
const since = (at: number) => ({ kind: 'since', at }) as const;
const UNSET = { kind: 'unset', reason: 'the clock of this server is not set' } as const;
const DONE: Standing = { machine: 'node-01', done: { at: NOW - HOUR, by: 'report', boot: 'b1' } };

function judged(more: Partial<Circumstances>) {
  return judge({
    policy: ALWAYS,
    standing: undefined,
    doubt: undefined,
    clock: CLOCK_SET,
    hasRoom: true,
    attempts: [],
    requester: SHOWN,
    now: NOW,
    ...more,
  });
}

describe('judge', () => {
  it('boots always, whoever asks, however often it was booted and whether it is done', () => {
    for (const requester of [SHOWN, DOUBTED]) {
      expect(judged({ requester, standing: DONE, attempts: [NOW - 1, NOW - 2], doubt: since(1) })).toEqual({
        kind: 'image',
      });
    }
  });

  it('installs once, until the machine is done', () => {
    expect(judged({ policy: ONCE })).toEqual({ kind: 'image' });
    expect(judged({ policy: ONCE, standing: DONE })).toMatchObject({ kind: 'local', why: 'done' });
  });

  it('boots nothing by an assignment that is out of force, but what the operator wishes', () => {
    const outOfForce = 'the assignment x of the API is out of force';
    for (const policy of [ALWAYS, ONCE, HOLD, LIMITED])
      expect(judged({ policy, outOfForce })).toEqual({ kind: 'unsure', why: 'out-of-force', reason: outOfForce });
    const standing = { machine: 'node-01', next: NEXT };
    expect(judged({ outOfForce, standing })).toEqual({ kind: 'next', next: NEXT });
    expect(judged({ outOfForce, standing, requester: DOUBTED })).toMatchObject({ kind: 'unsure' });
  });

  it('holds', () => {
    expect(judged({ policy: HOLD })).toMatchObject({ kind: 'local', why: 'hold' });
  });

  it('installs again from the time on that the operator named', () => {
    const standing = (at: number) => ({ ...DONE, reprovision: { at, wishedAt: NOW - HOUR } });
    expect(judged({ policy: ONCE, standing: standing(NOW + 1) })).toMatchObject({ why: 'done' });
    expect(judged({ policy: ONCE, standing: standing(NOW) })).toEqual({ kind: 'image' });
  });

  it('holds a machine that has tried as often as it may, until the window has passed or the operator lets go of it', () => {
    const attempts = [NOW - HOUR + 1, NOW - 1];
    expect(judged({ policy: LIMITED, attempts: attempts.slice(1) })).toEqual({ kind: 'image' });
    expect(judged({ policy: LIMITED, attempts })).toEqual({
      kind: 'local',
      why: 'attempts',
      reason: 'it was booted 2 times within 1 h, which is all that its policy allows',
    });
    expect(judged({ policy: LIMITED, attempts, now: NOW + 1 })).toEqual({ kind: 'image' });
    const standing = { machine: 'node-01', releasedAt: NOW - 1 };
    expect(judged({ policy: LIMITED, attempts, standing })).toEqual({ kind: 'image' });
    expect(judged({ policy: { ...ONCE, limit: { maxAttempts: 2, window: HOUR } }, attempts })).toMatchObject({
      why: 'attempts',
    });
  });

  it('takes attempts of a clock that was set back for attempts', () => {
    expect(judged({ policy: LIMITED, attempts: [NOW + HOUR, NOW + HOUR] })).toMatchObject({ why: 'attempts' });
  });

  it.each<[string, Policy]>([
    ['once', ONCE],
    ['maxAttempts', LIMITED],
    ['hold', HOLD],
  ])('gives no image to somebody who is not shown to be the machine, with %s', (_name, policy) => {
    const verdict = judged({ policy, requester: DOUBTED, standing: { machine: 'node-01', next: NEXT } });
    expect(verdict).toMatchObject({ kind: 'local' });
  });

  it('does not tell who is done to somebody who is not shown to be the machine', () => {
    const verdict = judged({ policy: ONCE, requester: DOUBTED, standing: DONE });
    expect(verdict).toEqual({
      kind: 'local',
      why: 'doubted',
      reason: 'it is not shown to ask itself: another card answers there',
    });
  });

  it.each<[string, Partial<Circumstances>]>([
    ['hold', { policy: HOLD }],
    ['once and done', { policy: ONCE, standing: DONE }],
    ['too many attempts', { policy: LIMITED, attempts: [NOW, NOW] }],
    ['a state in doubt', { policy: ONCE, doubt: since(NOW - 1) }],
  ])('boots what is wished for the next boot before all else: %s', (_name, more) => {
    const standing = { ...more.standing, machine: 'node-01', next: NEXT };
    expect(judged({ ...more, standing })).toEqual({ kind: 'next', next: NEXT });
  });

  it('does not boot again what was wished before the state came into doubt', () => {
    const standing = { machine: 'node-01', next: NEXT };
    expect(judged({ policy: HOLD, standing, doubt: since(NOW) })).toMatchObject({ why: 'hold' });
  });

  it('never installs where the state was lost or replaced, but for what was wished since', () => {
    const doubtedSince = NOW - 1_000;
    const doubt = since(doubtedSince);
    expect(judged({ policy: ONCE, doubt })).toMatchObject({ kind: 'unsure' });
    expect(judged({ policy: ONCE, doubt, standing: DONE })).toMatchObject({ why: 'done' });
    const wished = (wishedAt: number) => ({ ...DONE, reprovision: { at: NOW - 500, wishedAt } });
    expect(judged({ policy: ONCE, doubt, standing: wished(doubtedSince - 1) })).toMatchObject({
      kind: 'unsure',
    });
    expect(judged({ policy: ONCE, doubt, standing: wished(doubtedSince) })).toEqual({ kind: 'image' });
  });

  it('installs nobody once while the clock is not set, and knows who is done all the same', () => {
    expect(judged({ policy: ONCE, clock: UNSET })).toEqual({ kind: 'unsure', why: 'clock', reason: UNSET.reason });
    expect(judged({ policy: ONCE, clock: UNSET, standing: DONE })).toMatchObject({ why: 'done' });
    const standing = { ...DONE, reprovision: { at: NOW, wishedAt: NOW } };
    for (const now of [5, NOW + 5]) expect(judged({ policy: ONCE, clock: UNSET, standing, now }).kind).toBe('unsure');
    expect(judged({ clock: UNSET })).toEqual({ kind: 'image' });
  });

  it('installs nobody of whom something was damaged, whatever was wished before', () => {
    const doubt = { kind: 'damaged' } as const;
    const standing = { ...DONE, done: undefined, reprovision: { at: 0, wishedAt: NOW } } as unknown as Standing;
    expect(judged({ policy: ONCE, doubt })).toMatchObject({ kind: 'unsure' });
    expect(judged({ policy: ONCE, doubt, standing })).toMatchObject({ kind: 'unsure' });
  });

  it('installs no more machines than it can know of', () => {
    expect(judged({ policy: ONCE, hasRoom: false })).toMatchObject({ kind: 'unsure' });
  });

  it('tells as what a machine is done that is known by what it reports', () => {
    const done = { at: NOW, by: 'report', as: '52:54:00:00:00:01' } as const;
    const reason = `it is done since ${new Date(NOW).toISOString()}, as 52:54:00:00:00:01`;
    expect(judged({ policy: ONCE, standing: { machine: 'x', done } })).toMatchObject({ reason });
  });

  it('installs a machine that is not done, and not in doubt, unless the operator wishes it; and nobody else', () => {
    const time = fc.integer({ min: NOW - 10 * HOUR, max: NOW + 10 * HOUR });
    const circumstances = fc.record({
      attempts: fc.array(time, { maxLength: 4 }),
      requester: fc.constantFrom(SHOWN, SHOWN, SHOWN, DOUBTED),
      doubtedSince: fc.option(time, { nil: undefined }),
      clock: fc.constantFrom(CLOCK_SET, CLOCK_SET, CLOCK_SET, UNSET),
      isDamaged: fc.boolean(),
      hasRoom: fc.constantFrom(true, true, true, false),
      done: fc.option(time, { nil: undefined }),
      reprovision: fc.option(fc.record({ at: time, wishedAt: time }), { nil: undefined }),
    });
    fc.assert(
      fc.property(circumstances, ({ done, reprovision, doubtedSince, isDamaged, ...more }) => {
        const damaged = isDamaged ? ({ kind: 'damaged' } as const) : undefined;
        const doubt = doubtedSince === undefined ? damaged : since(doubtedSince);
        const standing: Standing = {
          machine: 'node-01',
          ...(done !== undefined && { done: { at: done, by: 'report' as const } }),
          ...(reprovision !== undefined && { reprovision }),
        };
        const { kind } = judged({ policy: ONCE, standing, doubt, ...more });
        const isDue = reprovision !== undefined && reprovision.at <= NOW;
        const isSure = doubt === undefined || (doubt.kind === 'since' && isDue && reprovision.wishedAt >= doubt.at);
        const isToBe = (done === undefined || isDue) && isSure;
        const may = more.requester === SHOWN && more.clock === CLOCK_SET && more.hasRoom;
        expect(kind === 'image').toBe(isToBe && may);
      }),
    );
  });
});
