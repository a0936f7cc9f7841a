import { expect, it, vi } from 'vitest';
import { DueTimes } from '../../src/lease/due-times.js';
import { Occupancy } from '../../src/lease/occupancy.js';
import { Pool } from '../../src/lease/pool.js';
import { ip, lease, leaseSubnet, reservations, stranger } from '../fixtures/leases.js';

const NONE = reservations({});

it('waits for no more times than count, however often leases are extended', () => {
  const occupancy = new Occupancy([leaseSubnet(['192.168.77.100-192.168.77.199'])], () => NONE);
  let most = 0;
  for (let turn = 1; turn <= 10_000; turn += 1) {
    occupancy.note(lease('192.168.77.100', stranger(1), { until: 1_000_000 + turn }), 0);
    occupancy.advance(0);
    most = Math.max(most, occupancy.waiting);
  }
  expect(most).toBeLessThanOrEqual(1_003);
});

it('does not look through all offers again and again that wait to be taken', () => {
  const size = 20_000;
  const keep = vi.spyOn(DueTimes.prototype, 'keep');
  const occupancy = new Occupancy([leaseSubnet(['10.0.1.0-10.0.250.255'], { subnet: '10.0.0.0/16' })], () => NONE);
  const { subnets } = occupancy;
  for (let number = 0; number < size; number += 1) {
    occupancy.advance(0);
    const address = subnets[0]?.pool.next() ?? expect.unreachable();
    const client = { clientId: number.toString(16) };
    const key = `id ${client.clientId}` as NonNullable<ReturnType<typeof lease>['key']>;
    occupancy.offer(address, { key, client, subnets, now: 0 }, true);
  }
  expect(occupancy.waiting).toBe(size);
  expect(keep.mock.calls.length).toBeLessThan(10);
  keep.mockRestore();
});

it('finds the subnet of an address among many, and none for what is between them', () => {
  const all = [3, 1, 7, 5].map((third) => leaseSubnet([], { subnet: `10.0.${third}.0/24` }));
  const occupancy = new Occupancy(all, () => NONE);
  const subnetOf = (text: string) => occupancy.subnetOf(ip(text))?.subnet;
  for (const one of all) {
    const [first, last] = [one.subnet.address, one.subnet.address.replace(/0$/, '255')];
    expect([subnetOf(first), subnetOf(last)]).toEqual([one, one]);
  }
  expect(['10.0.0.255', '10.0.2.0', '10.0.4.9', '10.0.8.0', '11.0.0.0', 'fd00::1'].map(subnetOf)).toEqual(
    Array.from({ length: 6 }, () => undefined),
  );
});

it('looks at what differs alone when records change, and gives what was reserved after what never was', () => {
  const here = { records: reservations({ a: '10.0.1.0', b: '10.0.1.7', c: '10.0.1.9' }) };
  const range = ['10.0.1.0-10.0.4.255'];
  const occupancy = new Occupancy([leaseSubnet(range, { subnet: '10.0.0.0/16' })], () => here.records);
  const pool = occupancy.subnets[0]?.pool ?? expect.unreachable();
  occupancy.advance(0);
  for (let number = 0; number < 1_000; number += 1)
    occupancy.note(lease(`10.0.${1 + (number >> 8)}.${number & 255}`, stranger(number)), 0);
  expect([pool.left, pool.next()]).toEqual([24, '10.0.4.232']);
  const settled = [vi.spyOn(Pool.prototype, 'use'), vi.spyOn(Pool.prototype, 'free')];
  here.records = reservations({ a: '10.0.1.0', b: '10.0.4.240', d: '10.0.1.8' });
  occupancy.advance(0);
  expect(settled.map(({ mock }) => mock.calls.length)).toEqual([2, 0]);
  for (const spied of settled) spied.mockRestore();
  // One that is free is reserved.
  expect([pool.left, pool.next()]).toEqual([23, '10.0.4.232']);
  here.records = reservations({});
  occupancy.advance(0);
  const given = Array.from({ length: 24 }, (_, turn) => {
    const address = pool.next() ?? expect.unreachable();
    occupancy.note(lease(address, stranger(2_000 + turn)), 0);
    return address;
  });
  expect([new Set(given).size, given.at(-1), pool.left, pool.next()]).toEqual([24, '10.0.4.240', 0, undefined]);
});
