import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DueTimes } from '../../src/lease/due-times.js';

function allUntil(times: DueTimes<number>, now: number): readonly number[] {
  const taken: number[] = [];
  for (let one = times.take(now); one !== undefined; one = times.take(now)) taken.push(one);
  return taken;
}

it('gives what is due, the earliest first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.nat(50), (all, now) => {
      const times = new DueTimes<number>();
      for (const at of all) times.add(at, at);
      const sorted = all.toSorted((one, other) => one - other);
      expect(allUntil(times, now)).toEqual(sorted.filter((at) => at <= now));
      expect(allUntil(times, 50)).toEqual(sorted.filter((at) => at > now));
    }),
  );
});

it('keeps its order when what does not count is left out', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (all) => {
      const times = new DueTimes<number>();
      for (const at of all) times.add(at, at);
      times.keep((at) => at % 3 === 0);
      expect(allUntil(times, 50)).toEqual(all.filter((at) => at % 3 === 0).toSorted((one, other) => one - other));
    }),
  );
});
