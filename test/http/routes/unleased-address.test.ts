import { expect, it } from 'vitest';
import { unleasedAddress } from '../../../src/http/routes/unleased-address.js';
import { ip, POOL } from '../../fixtures/told-leases.js';

const { subnet } = POOL;
const SUBNET = '192.168.77.0/24';
const parts = {
  subnets: [subnet],
  reservedFor: (address: string) => (/\.9$/.test(address) ? 'node-09' : undefined),
  taken: (address: string) => (/\.1$/.test(address) ? `a router of ${SUBNET}` : undefined),
};

it.each([
  ['192.168.77.150', `free, in a range of ${SUBNET}`],
  [
    '192.168.77.50',
    `in ${SUBNET}, but in none of its ranges: it is given only to a machine whose record has it as its ip`,
  ],
  ['192.168.77.1', `a router of ${SUBNET}`],
  ['10.1.0.8', 'in no subnet of dhcp.subnets'],
  ['10.1.0.9', 'the ip of node-09, but in no subnet of dhcp.subnets'],
])('says what %s is', (address, what) =>
  expect(unleasedAddress(ip(address), parts)).toEqual({ kind: 'unreserved', what }),
);

it('says whose it is to be', () => {
  expect(unleasedAddress(ip('192.168.77.9'), parts)).toEqual({ kind: 'reserved', machine: 'node-09' });
});
