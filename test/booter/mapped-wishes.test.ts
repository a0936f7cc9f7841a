import { expect, it } from 'vitest';
import { architecturesOf, mappedWishes, openAssignments } from '../../src/booter/mapped-wishes.js';
import { createMapping } from '../../src/booter/mapping.js';
import type { Selector } from '../../src/machine/selector.js';
import { assignment, MAC, machine } from '../fixtures/mappings.js';

it('wishes for the architectures that assignments or their machines name', () => {
  const machines = [machine({ architecture: 'arm64' }), machine({ name: 'node-02', macs: [] })];
  const architectures = [
    { arch: ['amd64', 'riscv64'] },
    { machine: ['node-01', 'node-02'] },
    { mac: [MAC] },
    { machine: ['node-02'] },
    {},
  ].map((match) => {
    const mapping = createMapping({ machines, assignments: [assignment({ match })], defaults: { kernelArgs: {} } });
    return [...mappedWishes(mapping)].map(({ wish }) => wish.architecture);
  });
  expect(architectures).toEqual([['amd64', 'riscv64'], ['arm64'], ['arm64'], [], ['arm64']]);
});

it('wishes for both where it is not known yet which it will be', () => {
  const assignments = [assignment({ name: 'asset', match: { asset: ['A1'] } }), assignment()];
  const mapping = createMapping({
    machines: [machine({ architecture: 'arm64' })],
    assignments,
    defaults: { kernelArgs: {} },
  });
  expect([...mappedWishes(mapping)].map((wish) => wish.assignment.name)).toEqual(['asset', 'all']);
});

it('knows which assignments may be about machines of any architecture', async () => {
  const machines = [machine({ architecture: 'arm64', labels: { rack: 'r1' } }), machine({ name: 'node-02', macs: [] })];
  const matches = [
    { arch: ['amd64'] },
    { machine: ['node-01'] },
    { machine: ['node-02'] },
    { labels: { rack: ['r1'] } },
    { mac: [MAC] },
    {},
  ];
  const assignments = matches.map((match, position) => assignment({ name: `a${position}`, match }));
  const mapping = createMapping({ machines, assignments, defaults: { kernelArgs: {} } });
  expect((await openAssignments(mapping)).map(({ name }) => name)).toEqual(['a2', 'a4', 'a5']);
});

it('knows for which architectures the machines of an assignment come, where something says it', async () => {
  const labels = { rack: 'r1' };
  const machines = [
    machine({ architecture: 'arm64', labels }),
    machine({ name: 'node-02', macs: [], architecture: 'amd64', labels }),
    machine({ name: 'node-03', macs: [] }),
  ];
  const of = async (match: Selector) => {
    const one = assignment({ match });
    const mapping = createMapping({ machines, assignments: [one], defaults: { kernelArgs: {} } });
    const found = await architecturesOf(one, mapping);
    return found && [...found];
  };
  expect(await of({ arch: ['riscv64'], machine: ['node-01'] })).toEqual(['riscv64']);
  expect(await of({ machine: ['node-01'] })).toEqual(['arm64']);
  expect(await of({ labels: { rack: ['r1'] } })).toEqual(['arm64', 'amd64']);
  expect(await of({ machine: ['node-02', 'node-03'] })).toBeUndefined();
  expect(await of({})).toBeUndefined();
});
