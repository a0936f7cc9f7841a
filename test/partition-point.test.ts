import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partitionPoint } from '../src/partition-point.js';

it('is how many are before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: -1, max: 21 }), (numbers, bound) => {
      const sorted = numbers.toSorted((one, other) => one - other);
      const found = partitionPoint(sorted.length, (position) => (sorted[position] ?? Infinity) < bound);
      expect(found).toBe(sorted.filter((number) => number < bound).length);
    }),
  );
});
