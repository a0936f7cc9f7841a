import { describe, expect, it } from 'vitest';
import { isDone, type Standing, withChange, withDone, withReprovisionIn } from '../../src/boot/standing.js';

const NOW = 1_700_000_000_000;
const NEW: Standing = { machine: 'node-01' };
const REPORT = { at: NOW, by: 'report', boot: 'b1' } as const;
const AT = { now: NOW, newId: () => 'id' };

describe('withDone', () => {
  it('is done by a report, and stays so by another one', () => {
    const done = withDone(NEW, REPORT, NOW - 9);
    expect(done).toEqual({ machine: 'node-01', done: REPORT });
    expect(withDone(done, { ...REPORT, at: NOW + 5 }, NOW - 9)).toBe(done);
  });

  it('ends an installation that was due when the boot began', () => {
    const before = { ...REPORT, at: NOW - 100, boot: 'b0' };
    const due = { ...NEW, done: before, reprovision: { at: NOW - 50, wishedAt: NOW - 60 } };
    const again = withDone(due, REPORT, NOW - 40);
    expect(again).toEqual({ machine: 'node-01', done: REPORT });
    expect(isDone(again, NOW)).toBe(true);
  });

  it('says nothing of an installation that was wished after the boot began: an installed system tells again', () => {
    const due = { ...NEW, done: { ...REPORT, at: NOW - 100 }, reprovision: { at: NOW - 50, wishedAt: NOW - 60 } };
    const told = withDone(due, REPORT, NOW - 200);
    expect(told).toBe(due);
    expect(isDone(told, NOW)).toBe(false);
  });

  it('ends the installation that its boot serves, though the clock was set back meanwhile', () => {
    const due = { ...NEW, done: { ...REPORT, boot: 'b0' }, reprovision: { at: NOW, wishedAt: NOW } };
    const early = { ...REPORT, at: NOW - 1_000 };
    expect(withDone(due, early, NOW - 1_500)).toBe(due);
    const served = withReprovisionIn(due, 'b1');
    expect(withReprovisionIn(served, 'b1')).toBe(served);
    expect(withDone(served, early, NOW - 1_500)).toEqual({ machine: 'node-01', done: early });
  });

  it('takes what is told again for no new installation, though the clock was set back meanwhile', () => {
    const due = { ...NEW, done: REPORT, reprovision: { at: NOW - 5_000, wishedAt: NOW - 5_000 } };
    expect(withDone(due, { ...REPORT, at: NOW - 4_000 }, NOW - 9)).toBe(due);
  });

  it('leaves a wish for later', () => {
    const wish = { at: NOW + 50, wishedAt: NOW - 60 };
    expect(withDone({ ...NEW, reprovision: wish }, REPORT, NOW - 9)).toEqual({
      ...NEW,
      reprovision: wish,
      done: REPORT,
    });
  });
});

describe('withChange', () => {
  it('takes what the operator says, and leaves the rest', () => {
    const done = withChange(NEW, { done: true }, AT);
    expect(done).toEqual({ machine: 'node-01', done: { at: NOW, by: 'operator' } });
    const wished = withChange(done, { reprovision: { at: NOW + 1 } }, AT);
    expect(wished).toEqual({ ...done, reprovision: { at: NOW + 1, wishedAt: NOW } });
    const next = withChange(wished, { next: { image: 'registry.lab/os:1' } }, AT);
    expect(next).toEqual({ ...wished, next: { id: 'id', image: 'registry.lab/os:1', wishedAt: NOW } });
    expect(withChange(next, { release: true }, AT)).toEqual({ ...next, releasedAt: NOW });
    expect(withChange(next, { next: null, reprovision: null }, AT)).toEqual(done);
  });

  it('takes a wish back that contradicts what is said later', () => {
    const wished = withChange(NEW, { reprovision: { at: NOW } }, AT);
    expect(withChange(wished, { done: true }, AT)).toEqual({ machine: 'node-01', done: { at: NOW, by: 'operator' } });
  });

  it('keeps in which doubt of the state somebody wishes', () => {
    const wished = withChange(NEW, { reprovision: { at: NOW }, next: { image: 'i' } }, { ...AT, inDoubt: NOW + 9 });
    expect(wished.reprovision).toEqual({ at: NOW, wishedAt: NOW, inDoubt: NOW + 9 });
    expect(wished.next).toEqual({ id: 'id', image: 'i', wishedAt: NOW, inDoubt: NOW + 9 });
  });
});
