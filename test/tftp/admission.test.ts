import { describe, expect, it } from 'vitest';
import { Admissions } from '../../src/tftp/admission.js';

const LIMITS = { maxTransfers: 3, maxPerAddress: 2, burst: 4, perSecond: 2 };

describe('Admissions', () => {
  it('lets so many in at once, and of one address', () => {
    const admissions = new Admissions(LIMITS);
    for (const address of ['a', 'a']) admissions.begun(address);
    expect([admissions.decide('a', 0), admissions.decide('b', 0), admissions.isFull]).toEqual([
      'busy',
      'admitted',
      false,
    ]);
    admissions.begun('b');
    expect([admissions.decide('c', 0), admissions.isFull]).toEqual(['busy', true]);
    admissions.ended('a');
    expect([admissions.decide('a', 0), admissions.decide('c', 0)]).toEqual(['admitted', 'admitted']);
  });

  it('looks at so many requests of an address, and at more after a while', () => {
    const admissions = new Admissions(LIMITS);
    const decide = (now: number, times: number) => Array.from({ length: times }, () => admissions.decide('a', now));
    expect(decide(0, 6)).toEqual(['admitted', 'admitted', 'admitted', 'admitted', 'flood', 'flood']);
    expect(decide(499, 1)).toEqual(['flood']);
    expect(decide(1_000, 3)).toEqual(['admitted', 'admitted', 'flood']);
    expect(decide(60_000, 5)).toEqual(['admitted', 'admitted', 'admitted', 'admitted', 'flood']);
    expect(admissions.decide('b', 60_000)).toBe('admitted');
  });

  it('remembers no more addresses than it can bear', () => {
    const admissions = new Admissions({ ...LIMITS, burst: 1, perSecond: 0 });
    admissions.decide('first', 0);
    expect(admissions.decide('first', 0)).toBe('flood');
    for (let number = 0; number < 10_000; number += 1) admissions.decide(`a${number}`, 0);
    expect(admissions.decide('first', 0)).toBe('admitted');
  });
});
