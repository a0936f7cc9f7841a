import { describe, expect, it } from 'vitest';
import { describeAddress, explainAddress } from '../../src/cli/explained-address.js';
import { parseSubnet } from '../../src/net/ip.js';
import { read, SUBNETS } from '../fixtures/configuration-texts.js';

const TEXT = [
  SUBNETS,
  'machines:',
  '  - { name: here, ip: 192.168.77.20 }',
  '  - { name: far, ip: 10.2.0.9 }',
  '  - { name: out, ip: 10.9.9.9 }',
  '  - { name: six, ip: "2001:db8::1" }',
  '',
].join('\n');

type Where = { readonly text?: string; readonly at?: string; readonly subnet?: string };

function addressOf(name: string | undefined, { text = TEXT, at = '192.168.77.1', subnet }: Where = {}) {
  const { dhcp, machines } = read(text).config;
  const explained = explainAddress(
    dhcp,
    machines.find((machine) => machine.name === name),
    { address: at, ...(subnet !== undefined && { subnet: parseSubnet(subnet) ?? expect.fail() }) },
  );
  return explained && describeAddress(explained);
}

const AGAIN = '(which it gets again as long as others are left: bootlayer lease ls)';
const HERE = `one of the pool, 192.168.77.100-192.168.77.149 192.168.77.200 in 192.168.77.0/24 ${AGAIN}`;

describe('the address of a machine', () => {
  it.each([
    ['here', '192.168.77.20, reserved for it, if nobody else holds it: the ip of its record, in 192.168.77.0/24'],
    ['far', '10.2.0.9, reserved for it, if nobody else holds it: the ip of its record, in 10.2.0.0/16'],
    ['out', `${HERE}; the ip of its record, 10.9.9.9, is in no subnet of dhcp.subnets`],
    ['six', HERE],
    [undefined, HERE],
  ])('%s', (name, expected) => expect(addressOf(name)).toBe(expected));

  it('is one of any pool where its network is not known', () => {
    expect(addressOf(undefined, { at: '192.0.2.1' })).toContain(
      '192.168.77.0/24, or 10.1.0.10-10.1.0.19 in 10.1.0.0/16',
    );
  });

  it('is of the subnet that it is said to be in', () => {
    const behind = { subnet: '10.1.0.0/16' };
    const pool = `one of the pool, 10.1.0.10-10.1.0.19 in 10.1.0.0/16 ${AGAIN}`;
    expect(addressOf(undefined, behind)).toBe(pool);
    expect(addressOf('here', behind)).toBe(`${pool}; the ip of its record, 192.168.77.20, is not in 10.1.0.0/16`);
    expect(addressOf('far', { subnet: '10.2.0.0/16' })).toMatch(/^10\.2\.0\.9, reserved for it/);
    expect(addressOf('here', { subnet: '10.2.0.0/16' })).toBe(
      'none: its ip 192.168.77.20 is not in 10.2.0.0/16, and 10.2.0.0/16 has no range',
    );
  });

  it('may be none, or that of another server', () => {
    const text =
      'dhcp: { mode: server, subnets: [{ subnet: 10.2.0.0/16 }] }\nmachines: [{ name: out, ip: 10.9.9.9 }]\n';
    expect(addressOf('out', { text })).toBe(
      'none: its ip 10.9.9.9 is in no subnet of dhcp.subnets, and no subnet has a range',
    );
    expect(addressOf(undefined, { text })).toBe('none: no record has an ip for it, and no subnet has a range');
    expect(addressOf(undefined, { text: 'dhcp: { mode: proxy }' })).toBeUndefined();
  });
});
