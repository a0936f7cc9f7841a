import { describe, expect, it } from 'vitest';
import { Inventory } from '../../src/machine/inventory.js';
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
    expect(new Inventory([]).identify(facts())).toEqual({ name: MAC, facts: facts() });
    expect(new Inventory([]).identify(facts({ macs: [], uuid: UUID })).name).toBe(UUID);
    expect(new Inventory([]).identify(facts({ macs: [] })).name).toBe('192.168.77.20');
  });
});
