import { expect, it } from 'vitest';
import { addressDoubts } from '../../src/booter/address-doubts.js';
import { Inventory } from '../../src/machine/inventory.js';
import type { Machine } from '../../src/machine/machine.js';
import { leaseDesk, recorded } from '../fixtures/lease-desk.js';
import { ip, mac } from '../fixtures/leases.js';

const [FIRST, SECOND] = [ip('192.168.77.100'), ip('192.168.77.101')];

/** Where card 1 has the first address, and somebody without a lease uses the second. */
async function doubtsOf(machine: Machine) {
  const { desk, select } = leaseDesk();
  await select(1, FIRST);
  desk.conflict(SECOND);
  const machines = [machine];
  return addressDoubts(machine, { machines, inventory: new Inventory(machines) }, desk.register);
}

it('has none of an address that is free, its own, or given by nobody', async () => {
  expect(await doubtsOf(recorded('node-02', 2, '192.168.77.20'))).toEqual([]);
  expect(await doubtsOf(recorded('node-01', 1, FIRST))).toEqual([]);
  expect(await doubtsOf(recorded('node-02', 2))).toEqual([]);
  expect(await doubtsOf(recorded('node-02', 2, 'fd00::2'))).toEqual([]);
});

it('says who has it, and until when', async () => {
  expect(await doubtsOf(recorded('node-02', 2, FIRST))).toEqual([
    expect.stringMatching(
      new RegExp(`^${mac(1)} has 192.168.77.100 until 20.*Z: node-02 is not given it before that is over, or `),
    ),
  ]);
});

it('says that nobody is given it for a while', async () => {
  expect(await doubtsOf(recorded('node-02', 2, SECOND))).toEqual([
    expect.stringMatching(/^192.168.77.101 is kept from everybody until 20.*Z, since it is in use: node-02 is not/),
  ]);
});

it('says that no subnet holds it', async () => {
  expect(await doubtsOf(recorded('node-02', 2, '10.9.0.1'))).toEqual([
    'no subnet of dhcp.subnets (192.168.77.0/24) holds 10.9.0.1: node-02 is not given it',
  ]);
});
