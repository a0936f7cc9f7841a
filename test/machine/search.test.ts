import { expect, it } from 'vitest';
import { hasLabels, machineSearch } from '../../src/machine/search.js';
import { MAC, machine, UUID } from '../fixtures/mappings.js';

const ONE = machine({
  ...{ name: 'Node-01', macs: [MAC], uuid: UUID, serial: 'SN0042', hostname: 'db.lab', labels: { rack: 'r1' } },
});

it.each([
  'node-0',
  'DE-01',
  '52:54:00:12',
  '5254.0012',
  '54-00-12-34',
  '345',
  '4c4c4544-0042',
  '4C4C45440042',
  'sn00',
  'DB.',
])('finds a machine by %s', (text) => {
  expect(machineSearch(text)(ONE)).toBe(true);
});

it.each(['node-02', '52:54:01', 'rack', ':', 'zz'])('does not by %s', (text) => {
  expect(machineSearch(text)(ONE)).toBe(false);
});

it('knows labels, and none of the prototype of objects', () => {
  expect(hasLabels(ONE, [['rack', 'r1']])).toBe(true);
  expect(hasLabels(ONE, [['rack', 'r2']])).toBe(false);
  expect(hasLabels(ONE, [['constructor', 'x']])).toBe(false);
  expect(hasLabels(ONE, [])).toBe(true);
});
