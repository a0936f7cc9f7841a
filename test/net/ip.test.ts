import { describe, expect, it } from 'vitest';
import {
  broadcastOf,
  type IpAddress,
  isHostIp4,
  isIp4,
  isLinkLocal,
  isLoopback,
  parseIp,
  parseIp4,
  parseSubnet,
  type Subnet,
  subnetHolds,
} from '../../src/net/ip.js';

const ip = (text: string) => parseIp(text) as IpAddress;
const subnet = (text: string) => parseSubnet(text) as Subnet;

describe('parseIp', () => {
  it.each([
    ['10.0.2.15', '10.0.2.15'],
    ['::ffff:10.0.2.15', '10.0.2.15'],
    ['FD77:0:0::1', 'fd77::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('reads %s as %s', (text, canonical) => expect(parseIp(text)).toBe(canonical));

  it.each(['', '10.0.2', '10.0.2.256', '010.0.2.15.1', '0x7f000001', '2130706433', 'localhost', 'fd77:::1'])(
    'refuses %s',
    (text) => expect(parseIp(text)).toBeUndefined(),
  );
});

it('tells the families apart', () => {
  expect([isIp4(ip('10.0.2.15')), isIp4(ip('fd77::1'))]).toEqual([true, false]);
  const texts = ['10.0.2.15', '::ffff:10.0.2.15', 'fd77::1', 'localhost'];
  expect(texts.map(parseIp4)).toEqual(['10.0.2.15', '10.0.2.15', undefined, undefined]);
});

describe('parseSubnet', () => {
  it('clears the host bits', () => {
    expect(parseSubnet('10.1.2.3/16')).toEqual({ address: '10.1.0.0', prefixLength: 16 });
    expect(parseSubnet('fd77::5/64')).toEqual({ address: 'fd77::', prefixLength: 64 });
    expect(parseSubnet('10.1.2.3')).toEqual({ address: '10.1.2.3', prefixLength: 32 });
  });

  it.each(['10.1.0.0/33', '10.1.0.0/', '10.1.0.0/x', '10.1.0.0/16/8', 'rack/8'])('refuses %s', (text) =>
    expect(parseSubnet(text)).toBeUndefined(),
  );

  it('knows what it holds', () => {
    expect(subnetHolds(subnet('10.1.0.0/16'), ip('10.1.255.1'))).toBe(true);
    expect(subnetHolds(subnet('10.1.0.0/16'), ip('10.2.0.1'))).toBe(false);
    expect(subnetHolds(subnet('10.1.0.0/16'), ip('fd77::1'))).toBe(false);
    expect(subnetHolds(subnet('0.0.0.0/0'), ip('10.2.0.1'))).toBe(true);
  });
});

it('knows by which address everybody is reached', () => {
  const all = ['10.1.2.0/24', '10.1.2.64/26', '10.0.0.0/8', '10.1.2.4/30', '10.1.2.4/31', '10.1.2.4/32', 'fd77::/64'];
  expect(all.map((text) => broadcastOf(subnet(text)))).toEqual([
    ...['10.1.2.255', '10.1.2.127', '10.255.255.255', '10.1.2.7'],
    ...[undefined, undefined, undefined],
  ]);
});

it('tells loopback and link-local addresses from others', () => {
  expect([isLoopback(ip('127.0.0.1')), isLoopback(ip('::1')), isLoopback(ip('10.0.0.1'))]).toEqual([true, true, false]);
  expect([isLinkLocal(ip('169.254.3.4')), isLinkLocal(ip('fe80::1')), isLinkLocal(ip('10.0.0.1'))]).toEqual([
    true,
    true,
    false,
  ]);
});

it('knows what address no machine can have', () => {
  const [can, cannot] = [
    ['10.0.0.9', '1.0.0.1', '223.255.255.254'],
    ['0.0.0.0', '0.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', 'fd77::1'],
  ];
  expect([...can, ...cannot].filter(isHostIp4)).toEqual(can);
});
