import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/event.js';
import { metricsSink } from '../../src/booter/metrics-sink.js';
import { countLeases } from '../../src/lease-records.js';
import { createMetrics } from '../../src/metrics.js';
import { leaseDesk } from '../fixtures/lease-desk.js';

const whose = { machine: 'node-01', address: '192.168.77.100' } as const;
const subnet = '192.168.77.0/24';

const EVENTS: readonly BootEvent[] = [
  { event: 'lease.given', ...whose, seconds: 60, isExtended: false },
  { event: 'lease.given', ...whose, seconds: 60, isExtended: true },
  { event: 'lease.none', machine: 'node-01', reason: 'no address is left for it' },
  { event: 'lease.elsewhere', ...whose, reserved: '192.168.77.20', reason: 'another has it' },
  { event: 'lease.refused', ...whose, reason: 'it is of another' },
  { event: 'lease.released', ...whose },
  { event: 'lease.freed', ...whose, state: 'bound' },
  { event: 'lease.declined', ...whose, seconds: 600 },
  { event: 'lease.conflict', address: whose.address, seconds: 600 },
  { event: 'lease.unsaved', ...whose, state: 'bound', reason: 'no room' },
  { event: 'lease.unsaved', ...whose, state: 'released', reason: 'no room' },
  { event: 'lease.unsaved', ...whose, state: 'conflict', reason: 'no room' },
  { event: 'pool.exhausted', subnet, size: 2, whom: 'all' },
  { event: 'pool.regained', subnet },
  { event: 'dhcp.other', server: '192.168.77.2', interface: 'br0', by: 'it offers addresses' },
];

async function counted(metrics: ReturnType<typeof createMetrics>): Promise<readonly string[]> {
  return (await metrics.text())
    .split('\n')
    .filter((line) => /^bootlayer_dhcp_(leases|pool|address|other|requests)/.test(line));
}

it('counts what happens to addresses', async () => {
  const metrics = createMetrics();
  EVENTS.forEach(metricsSink(metrics));
  expect((await counted(metrics)).toSorted()).toEqual([
    'bootlayer_dhcp_address_conflicts_total 1',
    'bootlayer_dhcp_leases_declined_total 1',
    'bootlayer_dhcp_leases_given_total{kind="extended"} 1',
    'bootlayer_dhcp_leases_given_total{kind="new"} 1',
    'bootlayer_dhcp_leases_missing_total 1',
    'bootlayer_dhcp_leases_refused_total 1',
    'bootlayer_dhcp_leases_released_total 1',
    'bootlayer_dhcp_leases_unsaved_total 3',
    'bootlayer_dhcp_other_servers_total 1',
    `bootlayer_dhcp_pools_exhausted_total{subnet="${subnet}"} 1`,
    'bootlayer_dhcp_requests_total{outcome="noted"} 3',
    'bootlayer_dhcp_requests_total{outcome="unanswered"} 1',
  ]);
});

it('tells of each subnet how its addresses stand whenever it is asked', async () => {
  const metrics = createMetrics();
  const { desk, select, discover, here } = leaseDesk();
  countLeases(metrics, desk.register);
  expect(await counted(metrics)).toContain(`bootlayer_dhcp_pools_exhausted_total{subnet="${subnet}"} 0`);
  await select(1, '192.168.77.100');
  await discover(2);
  const state = (name: string) => `bootlayer_dhcp_leases{subnet="${subnet}",state="${name}"}`;
  const lines = await counted(metrics);
  expect(lines).toContain(`bootlayer_dhcp_pool_size{subnet="${subnet}"} 2`);
  expect(lines).toContain(`${state('bound')} 1`);
  expect(lines).toContain(`${state('offered')} 1`);
  here.now += 7_200_000;
  expect(await counted(metrics)).toContain(`${state('expired')} 1`);
});

it('is in the README, all of it that is of addresses', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const metrics = createMetrics();
  const names = [...(await metrics.text()).matchAll(/^# TYPE (bootlayer_dhcp_\S+)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(9);
  for (const name of names) expect(readme).toContain(`\`${name}\``);
});
