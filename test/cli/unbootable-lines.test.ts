import { expect, it } from 'vitest';
import { unbootableLines } from '../../src/cli/unbootable-lines.js';

const machines = (names: string, reason: string) => names.split(' ').map((machine) => ({ machine, reason }));

it('say a reason once, and of how many machines', () => {
  expect(unbootableLines([...machines('a b c', 'x'), ...machines('z', 'y'), ...machines('d e f g', 'x')])).toEqual([
    'machines a, b, c, d, e and 2 more cannot be booted: x',
    'machine z cannot be booted: y',
  ]);
  expect(unbootableLines([])).toEqual([]);
});

it('end somewhere, and say how many machines are not told of', () => {
  const many = Array.from({ length: 23 }, (_, at) => ({ machine: `n${at}`, reason: `reason ${at}` }));
  const lines = unbootableLines([...many, { machine: 'n22', reason: 'another' }]);
  expect([lines.length, lines[19], lines[20]]).toEqual([
    21,
    'machine n19 cannot be booted: reason 19',
    'and 3 more machines, which --json names',
  ]);
});
