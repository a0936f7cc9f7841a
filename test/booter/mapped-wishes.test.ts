import { expect, it } from 'vitest';
import { mappedWishes } from '../../src/booter/mapped-wishes.js';
import { assignment, MAC, machine } from '../fixtures/mappings.js';

it('wishes for the architectures that assignments or their machines name', () => {
  const machines = [machine({ architecture: 'arm64' }), machine({ name: 'node-02', macs: [] })];
  const architectures = [
    { arch: ['amd64', 'riscv64'] },
    { machine: ['node-01', 'node-02'] },
    { mac: [MAC] },
    { machine: ['node-02'] },
    {},
  ].map((match) => mappedWishes([assignment({ match })], machines).map(({ wish }) => wish.architecture));
  expect(architectures).toEqual([['amd64', 'riscv64'], ['arm64'], ['arm64'], [], []]);
});
