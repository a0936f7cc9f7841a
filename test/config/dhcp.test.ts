import { describe, expect, it } from 'vitest';
import { read, refusal } from '../fixtures/configuration-texts.js';
import { openEntries, stored } from '../fixtures/entries.js';

const server = (subnets: string, more = '') => `dhcp: { mode: server, ${more}subnets: [${subnets}] }\n`;
const ONE = '{ subnet: 192.168.77.0/24, range: 192.168.77.100-192.168.77.199 }';
const withOne = (more: string) => server(`{ subnet: 192.168.77.0/24, ${more} }`);

describe('dhcp.mode server', () => {
  it('is read with what counts where nothing is said', () => {
    expect(read(server(ONE)).config.dhcp).toEqual({
      mode: 'server',
      listen: { host: '0.0.0.0', port: 67 },
      interfaces: [],
      ...{ authoritative: false, allowOtherServers: false, probe: true },
      subnets: [
        {
          subnet: { address: '192.168.77.0', prefixLength: 24 },
          ranges: [{ first: '192.168.77.100', last: '192.168.77.199' }],
          leaseSeconds: 3_600,
          options: { routers: [], dns: [], ntp: [], search: [], routes: [] },
        },
      ],
    });
  });

  it('is read with all there is to say', () => {
    const more = [
      'range: [192.168.77.100-192.168.77.149, 192.168.77.180], lease: 90m, routers: [192.168.77.1]',
      'dns: 192.168.77.1, ntp: [192.168.77.2], domain: rack1.lab, search: [rack1.lab, lab], mtu: 9000',
      'routes: { to: 10.2.0.0/16, via: 192.168.77.254 }',
    ].join(', ');
    const text = server(
      `{ subnet: 192.168.77.0/24, ${more} }, { subnet: 10.1.0.0/16 }`,
      'probe: false, interfaces: br0, ',
    );
    expect(read(text).config.dhcp).toMatchObject({
      ...{ probe: false, interfaces: ['br0'] },
      subnets: [
        {
          ranges: [
            { first: '192.168.77.100', last: '192.168.77.149' },
            { first: '192.168.77.180', last: '192.168.77.180' },
          ],
          leaseSeconds: 5_400,
          options: {
            ...{ routers: ['192.168.77.1'], dns: ['192.168.77.1'], ntp: ['192.168.77.2'], domain: 'rack1.lab' },
            ...{ search: ['rack1.lab', 'lab'], mtu: 9_000 },
            routes: [{ to: { address: '10.2.0.0', prefixLength: 16 }, via: '192.168.77.254' }],
          },
        },
        { ranges: [], leaseSeconds: 3_600 },
      ],
    });
  });

  it('takes the whole of a subnet of two addresses, which has no broadcast', () => {
    const { dhcp } = read(server('{ subnet: 10.1.0.0/31, range: 10.1.0.0-10.1.0.1 }')).config;
    expect(dhcp).toMatchObject({ subnets: [{ ranges: [{ first: '10.1.0.0', last: '10.1.0.1' }] }] });
  });

  it('is told by variables, but for its subnets', () => {
    const env = { BOOTLAYER_DHCP_AUTHORITATIVE: 'true', BOOTLAYER_DHCP_PROBE: 'false' };
    expect(read(server(ONE), env).config.dhcp).toMatchObject({ authoritative: true, probe: false });
  });
});

describe('problems of dhcp', () => {
  const MISSING = 'is missing: name the subnets in which addresses are given';
  it.each([
    ['dhcp: { mode: server }', `dhcp.subnets: ${MISSING}`],
    ['dhcp: { mode: server, subnets: [] }', `dhcp.subnets: ${MISSING}`],
    ['dhcp: { authoritative: true }', 'dhcp.authoritative: counts for mode server alone'],
    ['dhcp: { mode: proxy, probe: true }', 'dhcp.probe: counts for mode server alone'],
    [
      'dhcp: { mode: proxy, subnets: [] }',
      'dhcp.subnets: counts for mode server alone: leave it out, or set dhcp.mode to',
    ],
    [
      server(ONE, 'authoritative: true, allowOtherServers: true, '),
      'dhcp.allowOtherServers: is true, and so is authoritative, which refuses what other servers have given: set one of them to false',
    ],
    [server(ONE, 'probe: 1, '), 'dhcp.probe: must be true or false'],
    [server('{ range: 10.1.0.1 }'), 'dhcp.subnets[0].subnet: is missing'],
    [server('{ subnet: 192.168.77.0 }'), '"192.168.77.0" is no subnet of IPv4, such as 192.168.77.0/24'],
    [server('{ subnet: "2001:db8::/64" }'), '"2001:db8::/64" is no subnet of IPv4, such as 192.168.77.0/24'],
    [server('{ subnet: 0.0.0.0/0 }'), 'dhcp.subnets[0].subnet: is no network of machines'],
    [server('{ subnet: 127.0.0.0/8 }'), 'dhcp.subnets[0].subnet: is no network of machines'],
    [server('{ subnet: 224.0.0.0/24 }'), 'dhcp.subnets[0].subnet: is no network of machines'],
    [withOne('range: 192.168.77.199-192.168.77.100'), '"192.168.77.199-192.168.77.100" is no range'],
    [withOne('range: 192.168.78.1-192.168.78.9'), 'dhcp.subnets[0].range[0]: is not in 192.168.77.0/24'],
    [withOne('range: 192.168.77.0-192.168.77.9'), 'range[0]: holds 192.168.77.0, which no machine can have'],
    [withOne('range: 192.168.77.9-192.168.77.255'), 'range[0]: holds 192.168.77.255, which no machine can have'],
    [withOne('range: 192.168.77.1-192.168.77.9, routers: 192.168.77.1'), 'range[0]: holds the router 192.168.77.1'],
    [
      withOne('range: 192.168.77.1-192.168.77.9, routes: { to: 10.0.0.0/8, via: 192.168.77.5 }'),
      'range[0]: holds the router 192.168.77.5',
    ],
    [
      withOne('range: [192.168.77.1-192.168.77.9, 192.168.77.20, 192.168.77.9]'),
      'dhcp.subnets[0].range[2]: overlaps another range of the subnet',
    ],
    [
      withOne(`range: [${Array.from({ length: 101 }, (_, n) => `192.168.77.${n + 1}`).join(', ')}]`),
      'dhcp.subnets[0].range: names more than 100 ranges',
    ],
    [withOne('routers: 192.168.78.1'), 'routers[0]: is not in 192.168.77.0/24: machines there cannot reach it'],
    [
      withOne('routers: 192.168.77.255'),
      'routers[0]: is the broadcast address of 192.168.77.0/24, which nobody can have',
    ],
    [
      withOne('routes: { to: 10.0.0.0/8, via: 10.0.0.1 }'),
      'routes[0].via: is not in 192.168.77.0/24: machines there cannot reach it',
    ],
    [withOne('routes: { to: 0.0.0.0/0, via: 192.168.77.1 }'), 'routes[0].to: is the default: name routers'],
    [withOne('dns: 127.0.0.53'), 'dns[0]: is no address at which machines reach a server'],
    [withOne('ntp: 0.0.0.0'), 'ntp[0]: is no address at which machines reach a server'],
    [withOne('dns: "2001:db8::1"'), '"2001:db8::1" is no IPv4 address'],
    [withOne('lease: 3600'), 'dhcp.subnets[0].lease: write it with its unit: "90s", "30m", "1h"'],
    [withOne('lease: 30s'), 'dhcp.subnets[0].lease: must be from 1m to 365d'],
    [withOne('domain: rack_1..lab'), 'dhcp.subnets[0].domain: is no domain, such as rack1.lab'],
    [withOne('mtu: 68'), 'dhcp.subnets[0].mtu: must be a whole number from 576 to 65535'],
    [withOne('router: 192.168.77.1'), 'unknown key "router", did you mean "routers"?'],
    [
      server('{ subnet: 10.1.0.0/16 }, { subnet: 10.2.0.0/16 }, { subnet: 10.1.7.0/24 }'),
      'dhcp.subnets[2].subnet: overlaps 10.1.0.0/16: an address is in one subnet alone',
    ],
    [
      server('{ subnet: 10.1.7.0/24 }, { subnet: 10.1.0.0/16 }'),
      'dhcp.subnets[1].subnet: overlaps 10.1.7.0/24: an address is in one subnet alone',
    ],
    [
      server('{ subnet: 10.0.0.0/8, range: 10.1.0.0-10.99.0.0 }'),
      'dhcp.subnets: has ranges of 6422529 addresses together, and 1048576 can be given',
    ],
    [
      server(Array.from({ length: 1_001 }, (_, n) => `{ subnet: 10.${n >> 8}.${n & 255}.0/24 }`).join(', ')),
      'dhcp.subnets: names more than 1000 subnets',
    ],
  ])('%s', (text, problem) => expect(refusal(text)).toContain(problem));

  it('are told all at once', () => {
    const text = withOne('range: 192.168.78.1, lease: 1h, routers: [10.0.0.1]');
    expect(refusal(text).match(/is not in 192\.168\.77\.0\/24/g)).toHaveLength(2);
  });

  it('are found soon in many subnets', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `{ subnet: 10.${n >> 8}.${n & 255}.0/24 }`);
    expect(refusal(server([...many.slice(1), '{ subnet: 10.0.0.0/8 }'].join(', ')))).toContain('overlaps 10.0.1.0/24');
  });
});

describe("machines' addresses", () => {
  const machines = (...ips: readonly string[]) =>
    `machines:\n${ips.map((ip, place) => `  - { name: node-${place}, ip: "${ip}" }\n`).join('')}`;

  it('are one machine each', () => {
    expect(refusal(machines('192.168.77.20', '192.168.77.21', '192.168.77.20'))).toContain(
      'machines[2].ip: the address 192.168.77.20 is taken by node-0, machines[0] (/etc/bootlayer/bootlayer.yaml:2)',
    );
    expect(refusal(machines('2001:db8::1', '2001:0db8::1'))).toContain('the address 2001:db8::1 is taken by node-0');
  });

  it.each([
    ['192.168.77.1', 'is a router of 192.168.77.0/24'],
    ['192.168.77.254', 'is a router of 192.168.77.0/24'],
    ['192.168.77.0', 'is the address of the network 192.168.77.0/24 itself'],
    ['192.168.77.255', 'is the broadcast address of 192.168.77.0/24'],
  ])('are none that networks have: %s', async (ip, what) => {
    const dhcp = withOne('routers: 192.168.77.1, routes: { to: 10.0.0.0/8, via: 192.168.77.254 }');
    expect(refusal(dhcp + machines(ip))).toContain(`machines[0].ip: ${ip} ${what} (dhcp.subnets)`);
    expect(read(machines(ip)).config.machines).toHaveLength(1);
    const { put } = await openEntries(dhcp);
    await expect(put('machine', { name: 'a', ip })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `the machine a cannot be beside others: ${ip} ${what} (dhcp.subnets)`,
    });
  });

  it('are one machine each over files and the API', async () => {
    const { put, remove, book } = await openEntries(machines('192.168.77.20'), [
      stored('machine', { name: 'old', ip: '192.168.77.20' }),
      stored('machine', { name: 'b', ip: '192.168.77.30' }),
    ]);
    expect(book.find('machine', 'old')?.problems).toEqual([
      expect.stringMatching(/^ip: the address 192\.168\.77\.20 is taken by the machine node-0 of .*:2$/),
    ]);
    await expect(put('machine', { name: 'c', ip: '192.168.77.30' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('the address 192.168.77.30 is taken by the machine b of the API') as unknown,
    });
    await remove('machine', 'b');
    await expect(put('machine', { name: 'c', ip: '192.168.77.30' })).resolves.toMatchObject({ isNew: true });
  });
});
