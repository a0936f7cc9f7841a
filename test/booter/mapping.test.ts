import { describe, expect, it } from 'vitest';
import { createMapping, mappingChange } from '../../src/booter/mapping.js';
import { parseReference } from '../../src/oci/reference.js';
import { assignment, IMAGE, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';

const NONE = { added: [], removed: [], changed: [] };

describe('mappingChange', () => {
  it('finds nothing where nothing changed, whatever the order', () => {
    const machines = [machine(), machine({ name: 'node-02', macs: [OTHER_MAC] })];
    const before = { machines, assignments: [assignment()], defaults: { kernelArgs: {} } };
    const after = { machines: [...machines].reverse(), assignments: [assignment()], defaults: { kernelArgs: {} } };
    expect(mappingChange(before, after)).toEqual({ machines: NONE, assignments: NONE });
  });

  it('names what came, went, and is there with other contents', () => {
    const before = {
      machines: [machine(), machine({ name: 'gone', macs: [] })],
      assignments: [assignment()],
      defaults: { kernelArgs: {} },
    };
    const after = {
      machines: [machine({ labels: { rack: 'r1' } }), machine({ name: 'new', macs: [] })],
      assignments: [assignment({ image: { ...IMAGE, tag: '13' } })],
      defaults: { kernelArgs: { append: ['x'] } },
    };
    expect(mappingChange(before, after)).toEqual({
      machines: { added: ['new'], removed: ['gone'], changed: ['node-01'] },
      assignments: { added: [], removed: [], changed: ['all'] },
    });
  });
});

it('createMapping knows the images that are mapped, in canonical spelling', () => {
  const { references, inventory } = createMapping({
    machines: [machine()],
    assignments: [assignment(), assignment({ name: 'b', image: parseReference('LAB/os/debian:12') })],
    defaults: { kernelArgs: {} },
  });
  expect([...references]).toEqual(['registry.lab:5000/os/debian:12', 'LAB/os/debian:12']);
  expect(inventory.identify({ macs: [MAC], sourceAddress: '' }).name).toBe('node-01');
});
