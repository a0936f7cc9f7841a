import { expect, it } from 'vitest';
import { describePools, poolsOf } from '../../src/cli/described-pools.js';
import { parseSubnet } from '../../src/net/ip.js';
import { read, SUBNETS } from '../fixtures/configuration-texts.js';

const { config } = read(
  [
    SUBNETS,
    'machines:',
    '  - { name: here, ip: 192.168.77.20 }',
    '  - { name: far, ip: 10.2.0.9 }',
    '  - { name: six, ip: "2001:db8::1" }',
    '',
  ].join('\n'),
);
const SUBNET = parseSubnet('192.168.77.0/24') ?? expect.fail();
const served = (...names: readonly string[]) => names.map((name) => ({ name, subnets: [SUBNET] }));

const textOf = (...args: Parameters<typeof poolsOf>) => {
  const pools = poolsOf(...args);
  return pools && describePools(pools);
};

it('says that this server gives addresses, where, and how many', () => {
  expect(textOf(config)).toBe(
    'this server gives addresses: 192.168.77.0/24 (51 in ranges), 10.1.0.0/16 (10 in ranges), 10.2.0.0/16 (0 in ranges); 2 machines with an ip of their own',
  );
  expect(textOf(config, served('br0', 'br1'))).toContain(
    ': 192.168.77.0/24 on br0 and br1 (51 in ranges), 10.1.0.0/16 over relays (10 in ranges), 10.2.0.0/16 over relays',
  );
});

it('tells the same to programs', () => {
  expect(poolsOf(config, served('br0'))).toEqual({
    subnets: [
      { subnet: '192.168.77.0/24', interfaces: ['br0'], size: 51 },
      { subnet: '10.1.0.0/16', interfaces: [], size: 10 },
      { subnet: '10.2.0.0/16', interfaces: [], size: 0 },
    ],
    reserved: 2,
  });
  expect(poolsOf(config)?.subnets[0]).toEqual({ subnet: '192.168.77.0/24', size: 51 });
});

it('says nothing where another server does', () => {
  expect(poolsOf(read('dhcp: { mode: proxy }').config)).toBeUndefined();
});
