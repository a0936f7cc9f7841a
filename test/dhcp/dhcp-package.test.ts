import protocol from 'dhcp/lib/protocol.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeIp4s, writeU32 } from '../../src/dhcp/option-values.js';
import { encodePacket } from '../../src/dhcp/packet.js';
import { dhcpPacket, packetOf } from '../fixtures/dhcp.js';

/** The package's own codec of options as a second one, for what it can do. */

const HEADER = {
  op: 2,
  ...{ htype: 1, hlen: 6, hops: 3, xid: 0xfedcba98, secs: 7, flags: 0x8000 },
  ...{ ciaddr: '10.0.0.9', yiaddr: '192.168.77.199', siaddr: '255.254.253.252', giaddr: '10.1.0.1' },
  ...{ sname: 'boot.example', file: 'tx/snponly.efi' },
} as const;

/** What both read and write, by options. */
const VALUES = {
  1: ['255.255.255.0', writeIp4s('255.255.255.0')],
  3: [['10.0.0.1', '10.0.0.2'], writeIp4s('10.0.0.1', '10.0.0.2')],
  6: [['9.9.9.9'], writeIp4s('9.9.9.9')],
  12: ['node-1', Buffer.from('node-1')],
  15: ['example.org', Buffer.from('example.org')],
  51: [3_600, writeU32(3_600)],
  53: [5, Buffer.of(5)],
  54: ['10.0.0.1', writeIp4s('10.0.0.1')],
  55: [[1, 3, 6, 66, 67], Buffer.of(1, 3, 6, 66, 67)],
  57: [1_472, Buffer.of(5, 0xc0)],
  58: [0xfffffffe, writeU32(0xfffffffe)],
  60: ['PXEClient', Buffer.from('PXEClient')],
  66: ['10.0.0.1', Buffer.from('10.0.0.1')],
  67: ['tx/snponly.efi', Buffer.from('tx/snponly.efi')],
} as const;

const theirs = Object.fromEntries(Object.entries(VALUES).map(([code, [value]]) => [code, value]));
const ours = new Map(Object.entries(VALUES).map(([code, [, bytes]]) => [Number(code), Buffer.from(bytes)]));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the other codec', () => {
  it('reads what this one writes', () => {
    const print = vi.spyOn(console, 'error');
    const read = protocol.parse(encodePacket(dhcpPacket({ ...HEADER, options: ours }), { maxBytes: 1_472 }));
    expect(read).toMatchObject({ ...HEADER, chaddr: '52-54-00-77-00-01' });
    expect(read.options).toEqual(theirs);
    expect(print).not.toHaveBeenCalled();
  });

  it('writes what this one reads', () => {
    const { _data, _w } = protocol.format({ ...HEADER, chaddr: '52-54-00-77-00-01', options: theirs });
    expect(packetOf(_data.subarray(0, _w))).toEqual(dhcpPacket({ ...HEADER, options: ours }));
  });
});
