import { expect, it } from 'vitest';
import { readForeignFile } from '../../../src/lease/import/foreign-file.js';
import { hostMachines } from '../../../src/lease/import/host-machines.js';

it('makes a machine of each host, and of none what another is already', () => {
  const text = [
    'dhcp-host=52:54:00:00:01:01,192.168.77.21,node-01',
    'dhcp-host=52:54:00:00:01:02',
    'dhcp-host=52:54:00:00:01:03,192.168.77.21',
    'dhcp-host=52:54:00:00:01:01,other',
    'dhcp-host=52:54:00:00:01:04,node-01',
  ].join('\n');
  const hosts = readForeignFile(text)?.imported.hosts ?? [];
  expect(hostMachines(hosts).map((one) => (one.kind === 'machine' ? one.machine : one.reason))).toEqual([
    { name: 'node-01', mac: ['52:54:00:00:01:01'], ip: '192.168.77.21', hostname: 'node-01' },
    { name: '52:54:00:00:01:02', mac: ['52:54:00:00:01:02'] },
    '52:54:00:00:01:03 is left out: the address 192.168.77.21 is that of node-01 already',
    'other is left out: the MAC 52:54:00:00:01:01 is that of node-01 already',
    'node-01 is left out: the name node-01 is that of node-01 already',
  ]);
});
