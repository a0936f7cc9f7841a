import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explainSelection } from '../../src/boot/explain.js';
import { orderAssignments, selectAmong } from '../../src/boot/select.js';
import { assignment, candidate, facts, MAC, OTHER_MAC } from '../fixtures/mappings.js';

const ALL = orderAssignments([
  assignment({ name: 'other', match: { mac: [OTHER_MAC], arch: ['amd64'] } }),
  assignment({ name: 'serial', match: { serial: ['S1'] } }),
  assignment({ name: 'this', match: { mac: [MAC], arch: ['amd64'] }, priority: -1 }),
  assignment({ name: 'asset', match: { asset: ['A1'] }, priority: -2 }),
  assignment({ name: 'everything', priority: -2 }),
]);

it('says of every assignment what became of it and why', () => {
  const tried = explainSelection(ALL, candidate({ facts: facts({ architecture: 'amd64' }) }));
  expect(tried.map(({ assignment: { name }, answer, outcome }) => [name, answer, outcome])).toEqual([
    ['other', 'no', 'differs'],
    ['serial', 'unknown', 'open'],
    ['this', 'yes', 'wins'],
    ['asset', 'unknown', 'outranked'],
    ['everything', 'yes', 'outranked'],
  ]);
  expect(tried[0]?.keys).toEqual([
    { key: 'mac', answer: 'no' },
    { key: 'arch', answer: 'yes' },
  ]);
  expect(tried[4]?.keys).toEqual([]);
});

it('agrees with the selection', () => {
  const some = fc.subarray([...ALL]);
  const said = fc.constantFrom(
    facts(),
    facts({ macs: [OTHER_MAC], architecture: 'amd64' }),
    facts({ architecture: 'amd64', serial: 'S1' }),
    facts({ architecture: 'amd64', serial: 'S2', asset: 'A1' }),
  );
  fc.assert(
    fc.property(some, said, (ordered, those) => {
      const who = candidate({ facts: those });
      const tried = explainSelection(ordered, who);
      const selection = selectAmong(ordered, who);
      const [wins] = tried.filter(({ outcome }) => outcome === 'wins');
      const [open] = tried.filter(({ outcome }) => outcome === 'open');
      if (selection.kind === 'selected') expect([wins?.assignment, open]).toEqual([selection.assignment, undefined]);
      else if (selection.kind === 'undecided')
        expect([open?.assignment, wins?.assignment]).toEqual([selection.assignment, selection.fallback]);
      else expect([wins, open]).toEqual([undefined, undefined]);
    }),
  );
});
