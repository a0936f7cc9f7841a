import { expect, it, vi } from 'vitest';
import { DueTimes } from '../../src/lease/due-times.js';
import { Occupancy } from '../../src/lease/occupancy.js';
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
