import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinStandings, withEvidence } from '../../src/boot/joined-standing.js';
import { isDone, type Standing } from '../../src/boot/standing.js';

const time = fc.integer({ min: 0, max: 20 });
const done = fc.record({ at: time, by: fc.constantFrom('report' as const, 'operator' as const) });
const standing: fc.Arbitrary<Standing> = fc.record(
  {
    machine: fc.constantFrom('a', 'b'),
    done,
    reprovision: fc.record({ at: time, wishedAt: time }),
    next: fc.record({ id: fc.constantFrom('n1', 'n2'), image: fc.constant('i'), wishedAt: time }),
    releasedAt: time,
  },
  { requiredKeys: ['machine'] },
);
const standings = fc.array(standing, { minLength: 1, maxLength: 4 });
const nameless = (one: Standing | undefined) => ({ ...one, machine: '' });

describe('joinStandings', () => {
  it('leaves one alone', () => {
    fc.assert(
      fc.property(standing, (one) => {
        expect(joinStandings([one])).toBe(one);
      }),
    );
    expect(joinStandings([])).toBeUndefined();
  });

  it('does not mind in which order they are found', () => {
    fc.assert(
      fc.property(standings, (all) => {
        expect(nameless(joinStandings(all))).toEqual(nameless(joinStandings([...all].reverse())));
      }),
    );
  });

  it('lets no wish of one hide that another was done since it was due', () => {
    const wish: Standing = { machine: 'a', done: { at: 1, by: 'report' }, reprovision: { at: 5, wishedAt: 4 } };
    const later: Standing = { machine: 'b', done: { at: 5, by: 'report' } };
    const earlier: Standing = { machine: 'b', done: { at: 4, by: 'report' } };
    for (const all of [
      [wish, later],
      [later, wish],
    ])
      expect(isDone(joinStandings(all) ?? wish, 9)).toBe(true);
    for (const all of [
      [wish, earlier],
      [earlier, wish],
    ])
      expect(isDone(joinStandings(all) ?? later, 9)).toBe(false);
  });

  it('is done by any, unless a wish is due that none of the others has fulfilled', () => {
    fc.assert(
      fc.property(standings, time, (all, now) => {
        const joined = joinStandings(all) ?? { machine: '' };
        const open = all.filter(
          (one) =>
            one.reprovision !== undefined &&
            !all.some(
              (other) =>
                other !== one &&
                (other.done?.at ?? -1) >= Math.max(one.reprovision?.at ?? 0, one.reprovision?.wishedAt ?? 0),
            ),
        );
        const isAnyDone = all.some((one) => one.done !== undefined);
        if (open.length === 0) expect(isDone(joined, now)).toBe(isAnyDone);
        if (!isAnyDone) expect(isDone(joined, now)).toBe(false);
        expect(joined.reprovision === undefined).toBe(open.length === 0);
      }),
    );
  });
});

describe('withEvidence', () => {
  it('only ever keeps a machine from being installed, and gives it nothing else', () => {
    fc.assert(
      fc.property(standing, standings, time, (own, others, now) => {
        const seen = withEvidence(own, others);
        if (isDone(own, now)) expect(isDone(seen, now)).toBe(true);
        expect([seen.machine, seen.next, seen.releasedAt]).toEqual([own.machine, own.next, own.releasedAt]);
      }),
    );
  });

  it('counts unless the stranger itself is to be installed by a wish of after that', () => {
    fc.assert(
      fc.property(standing, standings, time, (own, others, now) => {
        const newest = Math.max(-1, ...others.map((one) => one.done?.at ?? -1));
        const isWished =
          own.reprovision !== undefined && own.reprovision.wishedAt > newest && own.reprovision.at <= now;
        const seen = withEvidence(own, others);
        if (newest >= 0) expect(isDone(seen, now)).toBe(!isWished);
        else expect(seen).toBe(own);
      }),
    );
  });

  it('says as what it is done', () => {
    const other: Standing = { machine: '52:54:00:00:00:01', done: { at: 5, by: 'start', boot: 'b' } };
    expect(withEvidence({ machine: 'x' }, [other]).done).toEqual({ ...other.done, as: '52:54:00:00:00:01' });
  });
});
