import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { createMapping } from '../../src/booter/mapping.js';
import type { AddressExplanation } from '../../src/cli/explained-address.js';
import { explainDhcp } from '../../src/cli/explained-dhcp.js';
import { parseSubnet, type Subnet } from '../../src/net/ip.js';
import type { DescribedClient } from '../../src/pxe/described-client.js';
import { read } from '../fixtures/configuration-texts.js';
import { mac } from '../fixtures/mappings.js';
import { allOffered } from '../fixtures/pxe.js';

const TEXT = [
  'dhcp:',
  '  mode: server',
  '  subnets:',
  '    - { subnet: 192.168.77.0/24, range: 192.168.77.100-192.168.77.149 }',
  '    - { subnet: 10.2.0.0/16, lease: 2h }',
  'machines:',
  '  - { name: here, mac: "52:54:00:00:00:01", ip: 192.168.77.20 }',
  '  - { name: far, mac: "52:54:00:00:00:02", ip: 10.2.0.9 }',
  '  - { name: out, mac: "52:54:00:00:00:03", ip: 10.9.9.9 }',
  '',
].join('\n');

function offeredTo(last: number, subnet?: Subnet) {
  const { config } = read(TEXT);
  const address = '192.168.77.1';
  const urls = new BootUrls(() => `http://${address}:8080`);
  const explained = explainDhcp(
    { kind: 'ipxe-bios', mac: mac(`52:54:00:00:00:0${last}`) },
    {
      dhcp: config.dhcp,
      mapping: createMapping(config),
      site: { address, others: [], urls, warnings: [], ...(subnet !== undefined && { subnet }) },
      offerings: allOffered(),
    },
  );
  if (explained.kind !== 'answered') return explained.kind;
  const packet = Buffer.from(explained.bytes, 'hex');
  return [...packet.subarray(16, 20)].join('.');
}

it.each([
  ['a machine of the network of this host', 1, '192.168.77.20'],
  ['one that is behind a relay', 2, '10.2.0.9'],
  ['one whose address is in no subnet', 3, '192.168.77.100'],
  ['a stranger', 4, '192.168.77.100'],
])('offers its address to %s', (_, last, address) => expect(offeredTo(last)).toBe(address));

it('offers what there is in the subnet that the machine is said to be in', () => {
  expect(offeredTo(2, parseSubnet('192.168.77.0/24'))).toBe('192.168.77.100');
  expect([offeredTo(2, parseSubnet('10.2.0.0/16')), offeredTo(4, parseSubnet('10.2.0.0/16'))]).toEqual([
    '10.2.0.9',
    'unanswered',
  ]);
});

const TOLD = [
  'dhcp:',
  '  mode: server',
  '  subnets: [{ subnet: 192.168.77.0/24, range: 192.168.77.100, domain: rack1.lab, ntp: 192.168.77.1 }]',
  'machines: [{ name: here, hostname: here, mac: "52:54:00:00:00:01", ip: 192.168.77.20 }]',
  '',
].join('\n');

function explainedTo(described: DescribedClient, given?: AddressExplanation) {
  const { config } = read(TOLD);
  const address = '192.168.77.1';
  const urls = new BootUrls(() => `http://${address}:8080`);
  const explained = explainDhcp(described, {
    dhcp: config.dhcp,
    mapping: createMapping(config),
    site: { address, others: [], urls, warnings: [] },
    offerings: allOffered(),
    given,
  });
  return explained.kind === 'answered' ? explained : expect.fail();
}

it.each([
  ['bios', "Intel's PXE ROM"],
  ['uefi', 'EDK2 (OVMF)'],
  ['uefi-http', 'EDK2 (OVMF)'],
  ['ipxe-bios', 'iPXE'],
  ['ipxe-uefi', 'iPXE'],
  ['os', "an installed system's dhclient"],
] as const)('tells %s what that asks for: its name, its domain and its time servers', (kind, asker) => {
  const answer = explainedTo({ kind, architecture: 'amd64', mac: mac('52:54:00:00:00:01') });
  expect(answer.asker).toBe(asker);
  const told = Object.fromEntries(answer.fields.map(({ field, value }) => [field, value]));
  expect(told).toMatchObject({ 'option 12': 'here', 'option 15': 'rack1.lab', 'option 42': '192.168.77.1' });
});

it('does not call the first address of a range its own', () => {
  const whyOf = (given?: AddressExplanation) =>
    explainedTo({ kind: 'os', mac: mac('52:54:00:00:00:02') }, given).fields.find(({ field }) => field === 'yiaddr')
      ?.why;
  expect(whyOf({ kind: 'pool', subnets: [] })).toMatch(/^one of the range, /);
  expect(whyOf()).toMatch(/^its address/);
});
