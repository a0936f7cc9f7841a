import { expect, it } from 'vitest';
import { BootUrls } from '../../src/booter/boot-urls.js';
import { createMapping } from '../../src/booter/mapping.js';
import { explainDhcp } from '../../src/cli/explained-dhcp.js';
import { parseSubnet, type Subnet } from '../../src/net/ip.js';
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
