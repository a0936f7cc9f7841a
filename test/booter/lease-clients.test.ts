import { expect, it } from 'vitest';
import { LeaseClients } from '../../src/booter/lease-clients.js';
import { Inventory } from '../../src/machine/inventory.js';
import type { Machine } from '../../src/machine/machine.js';
import { parseUuid } from '../../src/net/uuid.js';
import { recorded } from '../fixtures/lease-desk.js';
import { mac } from '../fixtures/leases.js';

const UUID = parseUuid('4c4c4544-0042-3010-8057-b7c04f4d3732') ?? expect.unreachable();
const NODE: Machine = { ...recorded('node-01', 1, '192.168.77.20', 'node'), uuid: UUID };
const BARE: Machine = { ...NODE, name: 'node-02', macs: [] };

function clientsOf(...machines: readonly Machine[]): LeaseClients {
  const mapping = { machines, inventory: new Inventory(machines) };
  return new LeaseClients(() => mapping);
}

it('are known by a card that their record has, also where the identifier alone names it', () => {
  const clients = clientsOf(NODE);
  const known = { name: 'node-01', hostname: 'node', known: { machine: 'node-01', reserved: '192.168.77.20' } };
  expect(clients.find({ mac: mac(1) })).toMatchObject(known);
  expect(clients.find({ clientId: `01${mac(1).replaceAll(':', '')}` })).toMatchObject(known);
});

it('are not known by a UUID that a card says which their record does not have', () => {
  const clients = clientsOf(NODE);
  expect(clients.find({ mac: mac(2), uuid: UUID })).toEqual({ name: mac(2), known: { mac: mac(2), uuid: UUID } });
  expect(clientsOf(BARE).find({ mac: mac(2), uuid: UUID })).toMatchObject({ name: 'node-02' });
});

it('have no reservation of IPv6', () => {
  const six = { ...NODE, ip: 'fd00::1' as NonNullable<Machine['ip']> };
  expect(clientsOf(six).find({ mac: mac(1) }).known).not.toHaveProperty('reserved');
});
