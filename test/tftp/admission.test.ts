import { describe, expect, it } from 'vitest';
import { Admissions } from '../../src/tftp/admission.js';

const LIMITS = { maxTransfers: 3, maxPerAddress: 2, burst: 4, perSecond: 2 };

describe('Admissions', () => {
  it('has room for so many at once, and of one address', () => {
    const admissions = new Admissions(LIMITS);
    for (const address of ['a', 'a']) admissions.begun(address);
    const rooms = () => ['a', 'b', 'c'].map((address) => admissions.roomFor(address));
    expect(rooms()).toEqual(['busy', 'free', 'free']);
    admissions.begun('b');
    expect(rooms()).toEqual(['busy', 'full', 'full']);
    admissions.ended('a');
    expect(rooms()).toEqual(['free', 'free', 'free']);
  });

  it('takes so many requests of an address, and more after a while', () => {
    const admissions = new Admissions(LIMITS);
    const taken = (now: number, times: number) =>
      Array.from({ length: times }, () => admissions.takes('a', now)).filter((isTaken) => isTaken).length;
    expect([taken(0, 6), taken(499, 1), taken(1_000, 3), taken(60_000, 5)]).toEqual([4, 0, 2, 4]);
    expect(admissions.takes('b', 60_000)).toBe(true);
  });
});
