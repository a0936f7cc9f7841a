import { expect, it } from 'vitest';
import type { KnownClient } from '../../src/lease/client.js';
import { Reservations } from '../../src/lease/reservations.js';
import { ip, leaseBook, leaseSubnet, mac, stranger } from '../fixtures/leases.js';

const LINK = [ip('192.168.77.1')];
const ELSEWHERE = [ip('192.168.78.1')];
const KNOWN: KnownClient = { mac: mac(16), machine: 'node-01' };

/** Two subnets, each with a pool of four, and so many machines with a record and no address. */
function book(machines: number) {
  const records = new Reservations(Array.from({ length: machines }, (_, at) => ({ name: `node-0${at + 1}` })));
  const subnets = [
    leaseSubnet(['192.168.77.100-192.168.77.103']),
    leaseSubnet(['192.168.78.100-192.168.78.103'], { subnet: '192.168.78.0/24' }),
  ];
  const made = leaseBook(subnets, { reservations: () => records });
  const offered = (client: KnownClient, link = LINK) => made.decide({ kind: 'discover', client, link }, 0);
  return { offered, pools: () => made.counts(0).map(({ free, kept }) => [free, kept]) };
}

it('are kept from strangers in each pool, half of it at most, and counted', () => {
  const { offered, pools } = book(9);
  expect(pools()).toEqual([
    [4, 2],
    [4, 2],
  ]);
  expect([1, 2].map((number) => offered(stranger(number)).kind)).toEqual(['offer', 'offer']);
  expect(offered(stranger(3))).toMatchObject({ kind: 'exhausted', whom: 'strangers', kept: 2 });
  expect(offered(KNOWN).kind).toBe('offer');
});

it('are as many as machines wait, wherever the others have got theirs', () => {
  const { offered, pools } = book(1);
  expect(pools()[0]).toEqual([4, 1]);
  offered(KNOWN, ELSEWHERE);
  expect(pools()).toEqual([
    [4, 0],
    [3, 0],
  ]);
});

it('are no more than are free', () => {
  const { offered, pools } = book(9);
  for (const number of [1, 2, 3]) offered({ mac: mac(20 + number), machine: `node-0${number}` });
  expect(pools()[0]).toEqual([1, 1]);
  expect(offered(stranger(1)).kind).toBe('exhausted');
});
