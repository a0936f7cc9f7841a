import { describe, expect, it } from 'vitest';
import type { MachineFacts } from '../../src/machine/facts.js';
import { Inventory } from '../../src/machine/inventory.js';
import type { Machine } from '../../src/machine/machine.js';
import { swapUuid } from '../../src/net/uuid.js';
import { facts, MAC, mac, machine, OTHER_MAC, UUID } from '../fixtures/mappings.js';

const inventory = new Inventory([
  machine({ uuid: UUID, serial: 'S1', architecture: 'arm64' }),
  machine({ name: 'node-02', macs: [OTHER_MAC] }),
]);

describe('Inventory.identify', () => {
  it('knows a machine by any of its facts', () => {
    const stranger = { macs: [mac('00:00:5e:00:53:01')] };
    expect(inventory.identify(facts()).name).toBe('node-01');
    expect(inventory.identify(facts({ ...stranger, uuid: swapUuid(UUID) })).name).toBe('node-01');
    expect(inventory.identify(facts({ ...stranger, serial: 'S1' })).name).toBe('node-01');
  });

  it('believes the card that boots before the UUID', () => {
    expect(inventory.identify(facts({ macs: [OTHER_MAC], uuid: UUID })).name).toBe('node-02');
  });

  it('fills in the architecture that the machine does not report, and keeps the one it does', () => {
    expect(inventory.identify(facts()).facts.architecture).toBe('arm64');
    expect(inventory.identify(facts({ architecture: 'amd64' })).facts.architecture).toBe('amd64');
  });

  it('names strangers after what they show', () => {
    const stranger = { name: MAC, contradictions: [], mayBeKnown: false, facts: facts() };
    expect(new Inventory([]).identify(facts())).toEqual(stranger);
    expect(new Inventory([]).identify(facts({ macs: [], uuid: UUID })).name).toBe(UUID);
    expect(new Inventory([]).identify(facts({ macs: [] })).name).toBe('192.168.77.20');
  });

  it('says by which fact, and which facts name others', () => {
    expect(inventory.identify(facts({ macs: [OTHER_MAC], uuid: UUID, serial: 'S1' }))).toMatchObject({
      name: 'node-02',
      knownBy: 'mac',
      contradictions: [
        { by: 'uuid', machine: 'node-01' },
        { by: 'serial', machine: 'node-01' },
      ],
    });
    expect(inventory.identify(facts({ macs: [MAC, OTHER_MAC] }))).toMatchObject({
      name: 'node-01',
      contradictions: [{ by: 'mac', machine: 'node-02' }],
    });
    expect(inventory.identify(facts({ uuid: UUID })).contradictions).toEqual([]);
  });

  it.each<[string, Partial<Machine>, Partial<MachineFacts>, boolean]>([
    ['by a serial that was not reported', { macs: [], serial: 'S9' }, {}, true],
    ['by a UUID that was not reported', { macs: [], uuid: UUID }, {}, true],
    ['by nothing that is still to come', { macs: [], serial: 'S9' }, { serial: 'S8' }, false],
    ['by no card of its record, so it is another', { macs: [OTHER_MAC], serial: 'S9' }, {}, false],
    ['by a card, and none was reported', { macs: [OTHER_MAC], serial: 'S9' }, { macs: [] }, true],
    ['by nothing at all', { macs: [] }, { macs: [] }, false],
  ])('knows whether a stranger may be known: %s', (_name, record, said, mayBeKnown) => {
    expect(new Inventory([machine(record)]).identify(facts(said)).mayBeKnown).toBe(mayBeKnown);
  });
});
