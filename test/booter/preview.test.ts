import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { ALWAYS, type Policy } from '../../src/boot/policy.js';
import { settle } from '../../src/boot/select.js';
import { recordedCandidate } from '../../src/booter/mapped-wishes.js';
import { createMapping, type Mapping } from '../../src/booter/mapping.js';
import { bootDifferences } from '../../src/booter/preview.js';
import type { Machine } from '../../src/machine/machine.js';
import { assignment, IMAGE, machine } from '../fixtures/mappings.js';

const NOTHING = { kinds: [], documents: [], secrets: {}, life: 1, isOnce: false, isByAddress: false } as const;

const differences = (before: Mapping, after: Mapping) =>
  [...bootDifferences(before, after)].flatMap((one) => one ?? []);
const mapping = (machines: readonly Machine[], assignments: readonly Assignment[], before?: Mapping) =>
  createMapping({ machines, assignments, defaults: { kernelArgs: {} } }, before);

const NAMES = ['a', 'b', 'c', 'd'] as const;
const machines = fc
  .uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), rack: fc.constantFrom('r1', 'r2'), arch: fc.boolean() }), {
    selector: ({ name }) => name,
  })
  .map((list) =>
    list.map(({ name, rack, arch }) =>
      machine({ name, macs: [], labels: { rack }, ...(arch && { architecture: 'amd64' }) }),
    ),
  );
const assignments = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(...NAMES),
      priority: fc.constantFrom(0, 1),
      tag: fc.constantFrom('1', '2'),
      match: fc.constantFrom({}, { machine: ['a'] }, { labels: { rack: ['r1'] } }, { arch: ['amd64'] }),
    }),
    { selector: ({ name }) => name },
  )
  .map((list) => list.map(({ tag, ...one }) => assignment({ ...one, image: { ...IMAGE, tag } })));

it('finds what asking for each machine twice finds', () => {
  fc.assert(
    fc.property(
      fc.tuple(machines, machines),
      fc.tuple(assignments, assignments),
      fc.boolean(),
      (all, wishes, isOnlyOne) => {
        const [[some, others], [few, more]] = [all, wishes];
        const before = mapping(some, few);
        const after = mapping(isOnlyOne ? some : others, more, before);
        const told = differences(before, after);
        const boots = ({ machines: there, index }: Mapping, name: string) => {
          const known = there.find((one) => one.name === name);
          const chosen = known && settle(index.select(recordedCandidate(known)));
          return chosen && { assignment: chosen.name, image: chosen.image };
        };
        const wanted = NAMES.filter((name) => !isDeepStrictEqual(boots(before, name), boots(after, name)));
        expect(told.map(({ machine: name }) => name).sort()).toEqual(wanted);
      },
    ),
  );
});

it('tells other kernel arguments and variants as well', () => {
  const before = mapping([machine()], [assignment()]);
  const variant = mapping([machine()], [assignment({ variant: 'virtual' })]);
  expect(differences(before, variant)).toMatchObject([{ machine: 'node-01', differs: ['variant'] }]);
  const iso = mapping([machine()], [assignment({ iso: { kernelArgs: 'x' } })]);
  expect(differences(before, iso)).toMatchObject([{ machine: 'node-01', differs: ['iso'] }]);
  const provision = mapping([machine()], [assignment({ provision: { ...NOTHING, set: 'worker' } })]);
  expect(differences(before, provision)).toMatchObject([{ machine: 'node-01', differs: ['provision'] }]);
  const args = mapping([machine({ kernelArgs: { append: ['x'] } })], before.assignments);
  expect(differences(before, args)).toMatchObject([{ differs: ['kernelArgs'] }]);
  expect(differences(before, mapping([machine({ hostname: 'other' })], before.assignments))).toEqual([]);
});

it('tells how often they boot, where that is another', () => {
  const once: Policy = { mode: 'once', doneWhen: 'reported', limit: { maxAttempts: 3, window: 3_600_000 } };
  const [before, after] = [once, ALWAYS].map((policy) => mapping([machine()], [assignment({ policy })])) as [
    Mapping,
    Mapping,
  ];
  expect(differences(before, after)).toEqual([
    {
      machine: 'node-01',
      before: {
        ...{ assignment: 'all', image: 'registry.lab:5000/os/debian:12', boot: 'auto' },
        policy: { mode: 'once', doneWhen: 'reported', maxAttempts: 3, window: 3_600 },
      },
      after: {
        ...{ assignment: 'all', image: 'registry.lab:5000/os/debian:12', boot: 'auto' },
        policy: { mode: 'always', doneWhen: 'reported' },
      },
      differs: ['policy'],
    },
  ]);
});
