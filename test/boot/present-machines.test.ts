import { expect, it } from 'vitest';
import { presentMachines } from '../../src/boot/present-machines.js';
import { recordWith, standingKeys } from '../../src/boot/standing-keys.js';
import { Inventory } from '../../src/machine/inventory.js';
import type { Machine } from '../../src/machine/machine.js';
import { facts, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';

const [A, X] = [MAC, OTHER_MAC];
const BOOTED = { machine: 'node-01', keys: ['name node-01', `mac ${A}`, `mac ${X}`], also: ['uuid 1'] };
const of = (name: string, ...macs: (typeof A)[]) => machine({ name, macs });

it.each<[string, readonly Machine[], readonly (readonly string[])[]]>([
  ['its record', [of('node-01', A, X)], [['name node-01', `mac ${A}`, `mac ${X}`]]],
  ['its record, without a card of another', [of('node-01', A), of('b', X)], [['name node-01', `mac ${A}`]]],
  ['its record, with a card of nobody', [of('node-01', A)], [['name node-01', `mac ${A}`, `mac ${X}`]]],
  ['its record, where nobody has a card', [of('node-01')], [['name node-01', `mac ${A}`, `mac ${X}`]]],
  ['its record of another name', [of('b', A, X)], [['name b', `mac ${A}`, `mac ${X}`]]],
  [
    'all that have some of it, where its name is gone',
    [of('b', A), of('c', X)],
    [
      ['name b', `mac ${A}`],
      ['name c', `mac ${X}`],
    ],
  ],
  [
    'all that may be it',
    [of('node-01'), of('b', A)],
    [
      ['name node-01', `mac ${X}`],
      ['name b', `mac ${A}`],
    ],
  ],
  ['itself, where no record is', [], [BOOTED.keys]],
])('means %s', (_name, machines, keys) => {
  const inventory = new Inventory(machines);
  const means = presentMachines(BOOTED, (key) => recordWith(inventory, key));
  expect(means.map((one) => one.keys)).toEqual(keys);
  expect(means.every(({ also }) => also === BOOTED.also)).toBe(true);
});

it('means the record that a stranger has got meanwhile', () => {
  const inventory = new Inventory([of('b', A)]);
  const stranger = { machine: A, keys: standingKeys({ facts: facts() }) };
  expect(presentMachines(stranger, (key) => recordWith(inventory, key))).toMatchObject([{ machine: 'b' }]);
});
