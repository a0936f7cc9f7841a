import { describe, expect, it } from 'vitest';
import { BootUrls } from '../src/booter/boot-urls.js';
import { type DhcpWarningsInput, findDhcpWarnings } from '../src/dhcp-warnings.js';
import { parseSubnet } from '../src/net/ip.js';
import { read } from './fixtures/configuration-texts.js';

const subnet = (text: string) => parseSubnet(text) ?? expect.fail();
const BR0 = { name: 'br0', address: '192.168.77.1', subnets: [subnet('192.168.77.0/24')] };
const RANGE = 'range: 192.168.77.100-192.168.77.199';
const server = (...subnets: readonly string[]) => `dhcp: { mode: server, subnets: [${subnets.join(', ')}] }\n`;
const ONE = server(`{ subnet: 192.168.77.0/24, ${RANGE} }`);

function warnings(
  text: string,
  { base = 'http://192.168.77.1:8080', interfaces = [BR0], host = interfaces }: Options = {},
) {
  const { config } = read(text);
  const urls = new BootUrls(
    () => base,
    () => [],
  );
  return findDhcpWarnings({ dhcp: config.dhcp, machines: config.machines, interfaces, host, urls });
}

type Options = Partial<Pick<DhcpWarningsInput, 'interfaces' | 'host'>> & { readonly base?: string };

describe('findDhcpWarnings', () => {
  it('has nothing to say where all goes together, or no address is given', () => {
    expect(warnings(`${ONE}machines: [{ name: a, ip: 192.168.77.20 }, { name: b, ip: "2001:db8::1" }]`)).toEqual([]);
    expect(warnings('dhcp: { mode: proxy }', { base: 'http://boot.lab' })).toEqual([]);
    expect(warnings('machines: [{ name: a, ip: 10.9.9.9 }]')).toEqual([]);
    expect(warnings(ONE, { interfaces: [] })).toEqual([]);
  });

  it('tells of a server that has nothing to give', () => {
    const bare = server('{ subnet: 192.168.77.0/24 }');
    expect(warnings(bare)).toEqual([
      'dhcp.mode is server, and there is no address to give: no subnet has a range, and no machine an ip; add one of them',
    ]);
    expect(warnings(`${bare}machines: [{ name: a, ip: 192.168.77.20 }]`)).toEqual([]);
  });

  it('tells of machines whose address is in no subnet', () => {
    const machines = Array.from({ length: 7 }, (_, n) => `{ name: m${n}, ip: 10.9.9.${n + 1} }`);
    expect(warnings(`${ONE}machines: [{ name: in, ip: 192.168.77.20 }, ${machines.join(', ')}]`)).toEqual([
      'no subnet of dhcp.subnets holds the ip of m0 (10.9.9.1), m1 (10.9.9.2), m2 (10.9.9.3), m3 (10.9.9.4), m4 (10.9.9.5) and 2 more: they are not given it',
    ]);
  });

  it('tells of an interface that is for relays alone', () => {
    const br1 = { name: 'br1', address: '10.1.0.1', subnets: [subnet('10.1.0.0/16')] };
    expect(warnings(ONE, { interfaces: [BR0, br1] })).toEqual([
      'no subnet of dhcp.subnets is on br1 (10.1.0.0/16): machines on it are given no address, and it serves relays alone',
    ]);
    const part = server(`{ subnet: 192.168.77.0/24, ${RANGE} }`, '{ subnet: 10.1.7.0/24 }');
    expect(warnings(part, { interfaces: [BR0, br1] })).toEqual([]);
  });

  it('tells of a subnet on an interface that is not served', () => {
    const br1 = { name: 'br1', address: '10.1.0.1', subnets: [subnet('10.1.0.0/16')] };
    const two = server(`{ subnet: 192.168.77.0/24, ${RANGE} }`, '{ subnet: 10.1.0.0/16 }', '{ subnet: 10.2.0.0/16 }');
    const host = [BR0, br1];
    expect(warnings(two, { host })).toEqual([
      '10.1.0.0/16 of dhcp.subnets is on br1, and DHCP is answered on br0: machines on br1 are given addresses over a relay alone; set dhcp.interfaces to [br0, br1]',
    ]);
    // Two interfaces may be on one network.
    const also = { ...br1, name: 'br2', subnets: [...br1.subnets, ...BR0.subnets] };
    expect(warnings(two, { interfaces: [BR0, also], host: [...host, also] })).toEqual([]);
    expect(warnings(two, { interfaces: [], host })).toEqual([]);
  });

  it("tells of this server's own address where it cannot be given", () => {
    const whole = server('{ subnet: 192.168.77.0/24, range: [192.168.77.1-192.168.77.9, 192.168.77.20] }');
    expect(warnings(whole)).toEqual([
      "the range 192.168.77.1-192.168.77.9 of dhcp.subnets holds 192.168.77.1, this server's own on br0: leave it out",
    ]);
    expect(warnings(`${ONE}machines: [{ name: a, ip: 192.168.77.1 }]`)).toEqual([
      "the machine a has the ip 192.168.77.1, this server's own on br0",
    ]);
  });

  it('tells of servers in ranges, unless a machine is given that address', () => {
    const dns = server(`{ subnet: 192.168.77.0/24, ${RANGE}, dns: 192.168.77.100, ntp: [192.168.77.100, 10.0.0.1] }`);
    expect(warnings(dns)).toEqual([
      'the range 192.168.77.100-192.168.77.199 of dhcp.subnets holds 192.168.77.100, which machines are told as a server: leave it out, or make it the ip of a machine',
    ]);
    expect(warnings(`${dns}machines: [{ name: ns, ip: 192.168.77.100 }]`)).toEqual([]);
  });

  it('tells of a name that machines cannot look up', () => {
    const two = server(`{ subnet: 192.168.77.0/24, ${RANGE} }`, '{ subnet: 10.1.0.0/16, dns: 10.1.0.1 }');
    expect(warnings(two, { base: 'http://boot.lab:8080' })).toEqual([
      'machines are told to ask boot.lab, and those in 192.168.77.0/24 are told no DNS server: add dns there, or set advertise to an address',
    ]);
  });

  it('tells of leases that end while a machine loads', () => {
    const short = (lease: string) => server(`{ subnet: 192.168.77.0/24, ${RANGE}, lease: ${lease} }`);
    expect(warnings(short('599s'))).toEqual([
      expect.stringMatching(/^addresses of 192\.168\.77\.0\/24 are given for 599 s.*iPXE does not renew.*10m or more$/),
    ]);
    expect(warnings(short('10m'))).toEqual([]);
  });
});
