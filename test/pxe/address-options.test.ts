import { describe, expect, it } from 'vitest';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { encodePacket } from '../../src/dhcp/packet.js';
import { type AddressOptionsInput, addAddressOptions, DROPPABLE_OF_ADDRESS } from '../../src/pxe/address-options.js';
import { dhcpPacket, packetOf } from '../fixtures/dhcp.js';
import { givenAddress, ip, leaseSubnet, subnetAt } from '../fixtures/lease-packets.js';

const FULL = leaseSubnet('192.168.77.0/24', {
  routers: [ip('192.168.77.1'), ip('192.168.77.2')],
  dns: [ip('192.168.77.1')],
  ntp: [ip('192.168.77.3')],
  domain: 'rack1.lab',
  search: ['rack1.lab', 'lab'],
  mtu: 9_000,
  routes: [{ to: subnetAt('10.2.0.0/16'), via: ip('192.168.77.254') }],
});
const EVERYTHING = [1, 3, 6, 12, 15, 26, 28, 42, 119, 121];

function optionsFor(requested: readonly number[] | undefined, more: Partial<AddressOptionsInput> = {}) {
  const options = new Map<number, Buffer>();
  const list = requested && Buffer.from(requested);
  addAddressOptions(options, { subnet: FULL, hostname: 'node-01', times: givenAddress(), requested: list, ...more });
  return options;
}

const shown = (options: ReadonlyMap<number, Buffer>) =>
  [...options].map(([code, value]) => `${code} ${value.toString('hex')}`);
const LEASE = ['51 00000e10', '58 00000708', '59 00000c4e'];
const MASK = '1 ffffff00';

describe('with an address', () => {
  it('come, byte for byte, all that are asked for, the mask before the routers', () =>
    expect(shown(optionsFor(EVERYTHING))).toEqual([
      ...LEASE,
      MASK,
      '3 c0a84d01c0a84d02',
      '6 c0a84d01',
      `15 ${Buffer.from('rack1.lab').toString('hex')}`,
      '26 2328',
      '28 c0a84dff',
      '42 c0a84d03',
      '119 057261636b31036c616200c006',
      '121 100a02c0a84dfe00c0a84d01',
      `12 ${Buffer.from('node-01').toString('hex')}`,
    ]));

  it.each<[string, readonly number[] | undefined, readonly number[]]>([
    ['what is needed, to who asks for nothing', undefined, [51, 58, 59, 1, 3, 6]],
    ['the mask and the times, whatever is asked for', [200], [51, 58, 59, 1]],
    ['what is asked for, and nothing else', [42, 26, 12], [51, 58, 59, 1, 26, 42, 12]],
    ['routers beside routes, for who asks for routes alone', [121], [51, 58, 59, 1, 3, 121]],
  ])('comes %s', (_, requested, codes) => expect([...optionsFor(requested).keys()]).toEqual(codes));

  it('comes nothing that there is not', () => {
    const codes = [...optionsFor(EVERYTHING, { subnet: leaseSubnet('10.0.0.0/31'), hostname: undefined }).keys()];
    expect(codes).toEqual([51, 58, 59, 1]);
  });

  it('comes no default route that is none, and no other than the operator’s', () => {
    const routes = [{ to: subnetAt('10.2.0.0/16'), via: ip('192.168.77.254') }];
    const of = (options: Parameters<typeof leaseSubnet>[1]) =>
      optionsFor([121], { subnet: leaseSubnet('192.168.77.0/24', options) })
        .get(121)
        ?.toString('hex');
    expect(of({ routes })).toBe('100a02c0a84dfe');
    expect(of({ routers: [ip('192.168.77.1')] })).toBeUndefined();
    const all = [...routes, { to: subnetAt('0.0.0.0/0'), via: ip('192.168.77.9') }];
    expect(of({ routes: all, routers: [ip('192.168.77.1')] })).toBe('100a02c0a84dfe00c0a84d09');
  });

  it('come no times to who has it from elsewhere', () => {
    const options = new Map<number, Buffer>();
    addAddressOptions(options, { subnet: FULL, requested: Buffer.of(51, 58, 59, 3) });
    expect([...options.keys()]).toEqual([1, 3]);
  });
});

it('what fits is written, and what a machine cannot do without goes last', () => {
  const search = Array.from({ length: 20 }, (_, number) => `${'x'.repeat(20)}${number}.lab`);
  const dns = Array.from({ length: 40 }, (_, number) => ip(`192.168.77.${number + 1}`));
  const subnet = leaseSubnet('192.168.77.0/24', { ...FULL.options, search, dns });
  const written = (bytes: number) => {
    const options = new Map([[OPTION.messageType, Buffer.of(MESSAGE.ack)]]);
    addAddressOptions(options, {
      subnet,
      hostname: 'node-01',
      times: givenAddress(),
      requested: Buffer.from(EVERYTHING),
    });
    return encodePacket(dhcpPacket({ op: 2, options }), { maxBytes: bytes, droppable: DROPPABLE_OF_ADDRESS });
  };
  const codes = (bytes: number) => [...packetOf(written(bytes)).options.keys()];
  expect(codes(1_472)).toEqual([53, 51, 58, 59, 1, 3, 6, 15, 26, 28, 42, 119, 121, 12]);
  expect(codes(548)).toEqual([53, 51, 58, 59, 1, 3, 6, 15, 26, 28, 42, 121, 12]);
  expect(codes(300)).toEqual([53, 51, 1, 3]);
});
