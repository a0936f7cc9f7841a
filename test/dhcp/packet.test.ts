import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DhcpCodecError } from '../../src/dhcp/codec-error.js';
import { OPTION } from '../../src/dhcp/option-code.js';
import { clientArchitectures, clientUuid, messageType, text, userClasses } from '../../src/dhcp/option-values.js';
import { type DhcpPacket, decodePacket, encodePacket } from '../../src/dhcp/packet.js';
import { dhcpPacket, packetOf, plainOptions, rawPacket } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';

const LIMITS = { maxBytes: 1_472 };
const GOLDEN = Object.entries(DHCP_PACKETS);

type Sent = {
  readonly name: keyof typeof DHCP_PACKETS;
  readonly xid: number;
  readonly vendorClass: string;
  readonly architecture: number;
  readonly isIpxe: boolean;
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('packets of real firmware', () => {
  it.each<Sent>([
    {
      name: 'ipxeBios2019Discover',
      xid: 0x2047c662,
      vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
      architecture: 0,
      isIpxe: true,
    },
    {
      name: 'ipxeBiosDiscover',
      xid: 0xe49ca344,
      vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
      architecture: 0,
      isIpxe: true,
    },
    {
      name: 'ipxeAmd64Discover',
      xid: 0xdb2cd624,
      vendorClass: 'PXEClient:Arch:00007:UNDI:003010',
      architecture: 7,
      isIpxe: true,
    },
    {
      name: 'ipxeArm64Discover',
      xid: 0x3a037436,
      vendorClass: 'PXEClient:Arch:00011:UNDI:003010',
      architecture: 11,
      isIpxe: true,
    },
    { name: 'ipxeAmd64ProxyDiscover', xid: 0x4aa9e130, vendorClass: 'PXEClient', architecture: 7, isIpxe: true },
    { name: 'ipxeArm64ProxyDiscover', xid: 0x9c013d2e, vendorClass: 'PXEClient', architecture: 11, isIpxe: true },
    {
      name: 'ovmfPxeDiscover',
      xid: 0x56e84385,
      vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
      architecture: 7,
      isIpxe: false,
    },
    {
      name: 'aavmfPxeDiscover',
      xid: 0x6302e965,
      vendorClass: 'PXEClient:Arch:00011:UNDI:003000',
      architecture: 11,
      isIpxe: false,
    },
    {
      name: 'ovmfHttpDiscover',
      xid: 0x2d336341,
      vendorClass: 'HTTPClient:Arch:00016:UNDI:003000',
      architecture: 16,
      isIpxe: false,
    },
    {
      name: 'ovmf2022HttpDiscover',
      xid: 0x8aae3158,
      vendorClass: 'HTTPClient:Arch:00016:UNDI:003000',
      architecture: 16,
      isIpxe: false,
    },
    {
      name: 'aavmfHttpDiscover',
      xid: 0xd2b38061,
      vendorClass: 'HTTPClient:Arch:00019:UNDI:003000',
      architecture: 19,
      isIpxe: false,
    },
    {
      name: 'aavmf2022HttpDiscover',
      xid: 0xb4229125,
      vendorClass: 'HTTPClient:Arch:00019:UNDI:003000',
      architecture: 19,
      isIpxe: false,
    },
  ])('$name', ({ name, xid, vendorClass, architecture, isIpxe }) => {
    const { options, ...header } = packetOf(DHCP_PACKETS[name]);
    expect(header).toMatchObject({ op: 1, htype: 1, hlen: 6, hops: 0, xid, sname: '', file: '' });
    expect(header.chaddr.toString('hex')).toBe('52540077000100000000000000000000');
    expect(messageType(options.get(OPTION.messageType))).toBe(1);
    expect(text(options.get(OPTION.vendorClass))).toBe(vendorClass);
    expect(clientArchitectures(options.get(OPTION.clientArchitecture))).toEqual([architecture]);
    expect(clientUuid(options.get(OPTION.clientUuid))).toBe('77000001-1ab0-4c0d-8e0f-000000000001');
    expect(userClasses(options.get(OPTION.userClass))).toEqual(isIpxe ? ['iPXE'] : []);
    expect(options.has(OPTION.ipxe)).toBe(isIpxe);
  });

  it('says how the client wants to be answered, and since when it asks', () => {
    expect(packetOf(DHCP_PACKETS.ipxeBiosRequest)).toMatchObject({ flags: 0, secs: 0x12, ciaddr: '0.0.0.0' });
    expect(packetOf(DHCP_PACKETS.ovmfPxeRequest)).toMatchObject({ flags: 0x8000, secs: 0 });
    expect(packetOf(DHCP_PACKETS.ovmfPxeBootServerRequest)).toMatchObject({ flags: 0, ciaddr: '192.168.77.199' });
    const ack = packetOf(DHCP_PACKETS.dnsmasqPxeAck);
    expect(ack).toMatchObject({ op: 2, yiaddr: '192.168.77.199', siaddr: '192.168.77.1', giaddr: '0.0.0.0' });
    expect([...ack.options.keys()]).toEqual([53, 54, 51, 67, 58, 59, 1, 28, 3]);
    expect(ack.options.get(OPTION.bootFileName)).toEqual(Buffer.from('tx/snponly.efi\0'));
  });

  it.each(GOLDEN)('%s is read as it was, once written', (_, bytes) => {
    const packet = packetOf(bytes);
    expect(packetOf(encodePacket(packet, LIMITS))).toEqual(packet);
  });

  it.each(
    // These have 54 behind others, or 67 before others.
    GOLDEN.filter(([name]) => !/^(ipxe|udhcpc).*Request$|^dnsmasq/.test(name)),
  )('%s is written byte for byte', (_, bytes) => expect(encodePacket(packetOf(bytes), LIMITS)).toEqual(bytes));

  it('prints nothing', () => {
    const print = vi.spyOn(console, 'error');
    for (const [, bytes] of GOLDEN) encodePacket(packetOf(bytes), LIMITS);
    expect(print).not.toHaveBeenCalled();
  });
});

describe('decodePacket', () => {
  const discover = DHCP_PACKETS.ovmfPxeDiscover;
  const changed = (at: number, value: number) => Buffer.from(discover).fill(value, at, at + 1);

  it.each([
    ['nothing', Buffer.alloc(0), 'it has 0 bytes, fewer than a header'],
    ['half a header', discover.subarray(0, 239), 'it has 239 bytes, fewer than a header'],
    ['no cookie', changed(239, 0x62), 'it has no DHCP cookie'],
    ['no op', changed(0, 0), 'its op is 0'],
    ['another op', changed(0, 3), 'its op is 3'],
    ['a hardware address that is too long', changed(2, 17), 'its hardware address has 17 bytes'],
    ['an option without an end', discover.subarray(0, -2), 'its option 60 is cut off'],
  ])('refuses what has %s', (_, bytes, reason) => expect(decodePacket(bytes)).toEqual({ kind: 'malformed', reason }));

  it('reads texts up to the first NUL, or all of the field, byte for byte', () => {
    const named = packetOf(rawPacket('ff', { sname: '626f6f7400ff', file: '2fe9ff' }));
    expect(named).toMatchObject({ sname: 'boot', file: '/éÿ' });
    const full = packetOf(rawPacket('ff', { sname: '61'.repeat(64), file: '62'.repeat(128) }));
    expect(full).toMatchObject({ sname: 'a'.repeat(64), file: 'b'.repeat(128) });
    const half = packetOf(rawPacket('ff', { sname: '61'.repeat(64), file: '62' }));
    expect(half).toMatchObject({ sname: 'a'.repeat(64), file: 'b' });
  });

  it('reads no text where there are options', () => {
    const fields = { sname: '420161ff', file: '430162ff' };
    expect(packetOf(rawPacket('340101', fields))).toMatchObject({ sname: 'B\x01a\xff', file: '' });
    expect(packetOf(rawPacket('340102', fields))).toMatchObject({ sname: '', file: 'C\x01b\xff' });
    const both = packetOf(rawPacket('340103', fields));
    expect(both).toMatchObject({ sname: '', file: '' });
    expect(packetOf(encodePacket(both, LIMITS))).toEqual(both);
  });

  it('reads InfiniBand, and GUIDs as hardware addresses', () => {
    const guid = 'fe800000000000000002c90300a1b2c3';
    for (const [htype, hlen] of [
      [32, 0],
      [32, 16],
      [1, 16],
      [6, 6],
      [255, 8],
    ] as const) {
      const bytes = rawPacket('350101 ff');
      bytes.set([htype, hlen], 1);
      bytes.write(guid, 28, 'hex');
      const before = Buffer.from(bytes);
      const packet = packetOf(bytes);
      expect(packet).toMatchObject({ htype, hlen, xid: 0x12345678 });
      expect(packet.chaddr.toString('hex')).toBe(guid);
      expect(bytes).toEqual(before);
      expect(packetOf(encodePacket(packet, LIMITS))).toEqual(packet);
    }
  });

  it('keeps all 16 bytes of the hardware address on Ethernet', () => {
    const chaddr = Buffer.from('525400770001aabbccddeeff00112233', 'hex');
    expect(packetOf(encodePacket(dhcpPacket({ chaddr }), LIMITS)).chaddr).toEqual(chaddr);
  });

  it('answers something for anything, and prints nothing', () => {
    const print = vi.spyOn(console, 'error');
    const anything = fc.uint8Array({ maxLength: 700 }).map((any) => Buffer.from(any));
    fc.assert(
      fc.property(fc.oneof(anything, mutated()), (bytes) => {
        const decoded = decodePacket(bytes);
        const options = decoded.kind === 'packet' ? decoded.packet.options : undefined;
        const isHeaderWrong = decoded.kind === 'malformed' && !decoded.reason.endsWith('is cut off');
        expect(options).toEqual(isHeaderWrong ? undefined : plainOptions(bytes));
      }),
      { numRuns: 2_000 },
    );
    expect(print).not.toHaveBeenCalled();
  });
});

/** What firmware sent, with some bytes changed, and cut. */
function mutated(): fc.Arbitrary<Buffer> {
  const changes = fc.array(fc.tuple(fc.nat(419), fc.nat(255)), { maxLength: 8 });
  return fc
    .tuple(fc.constantFrom(...GOLDEN), changes, fc.integer({ min: 236, max: 420 }))
    .map(([[, bytes], all, to]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of all) if (at < copy.length) copy[at] = value;
      return copy.subarray(0, to);
    });
}

describe('encodePacket', () => {
  const text = (length: number) => Buffer.alloc(length, 'x');
  const codesIn = (bytes: Buffer) => {
    const codes: number[] = [];
    for (let at = 240; bytes[at] !== 255; at += 2 + (bytes[at + 1] ?? 0)) codes.push(bytes[at] ?? 0);
    return codes;
  };

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(anyPacket(), (packet) => {
        const bytes = encodePacket(packet, { maxBytes: 65_507 });
        expect(packetOf(bytes)).toEqual(packet);
        expect(bytes.length).toBeGreaterThanOrEqual(300);
      }),
    );
  });

  it('writes 53 and 54 first, 67 and then 82 last, and the others as they come', () => {
    const options = new Map([82, 67, 3, 1, 54, 150, 53].map((code) => [code, text(1)]));
    expect(codesIn(encodePacket(dhcpPacket({ options }), LIMITS))).toEqual([53, 54, 3, 1, 150, 67, 82]);
  });

  it('echoes what a relay says byte for byte, in pieces too', () => {
    const relayed = Buffer.from('0104000a01020206aabbccddeeff0504c0a84d00', 'hex');
    const bytes = encodePacket(
      dhcpPacket({
        options: new Map([
          [82, relayed],
          [53, text(1)],
        ]),
      }),
      LIMITS,
    );
    expect(bytes.subarray(243, 244 + 2 + relayed.length)).toEqual(
      Buffer.concat([Buffer.of(82, relayed.length), relayed, Buffer.of(255)]),
    );
    const long = encodePacket(dhcpPacket({ options: new Map([[82, text(300)]]) }), LIMITS);
    expect(long.subarray(240, 240 + 257 + 47 + 1)).toEqual(
      Buffer.concat([Buffer.of(82, 255), text(255), Buffer.of(82, 45), text(45), Buffer.of(255)]),
    );
  });

  it.each([
    [0, [43]],
    [255, [43]],
    [256, [43, 43]],
    [510, [43, 43]],
    [511, [43, 43, 43]],
  ])('writes %i bytes as %j', (length, codes) => {
    const bytes = encodePacket(dhcpPacket({ options: new Map([[43, text(length)]]) }), LIMITS);
    expect(codesIn(bytes)).toEqual(codes);
    expect(packetOf(bytes).options).toEqual(new Map([[43, text(length)]]));
  });

  it('has 300 bytes at least: zeros follow END', () => {
    const bytes = encodePacket(dhcpPacket(), LIMITS);
    expect(bytes).toHaveLength(300);
    expect(bytes.subarray(240)).toEqual(Buffer.concat([Buffer.of(255), Buffer.alloc(59)]));
    expect(encodePacket(dhcpPacket({ options: new Map([[43, text(58)]]) }), LIMITS)).toHaveLength(301);
  });

  it('writes more than the package has room for', () => {
    const options = new Map([[43, text(2_000)]]);
    const bytes = encodePacket(dhcpPacket({ options, file: 'x' }), { maxBytes: 3_000 });
    expect(bytes).toHaveLength(240 + 2_000 + 2 * 8 + 1);
    expect(packetOf(bytes)).toEqual(dhcpPacket({ options, file: 'x' }));
  });

  it('leaves out what may be, in its order, only while there is no room', () => {
    const options = new Map([53, 12, 66, 15, 67].map((code) => [code, text(100)]));
    const codes = (maxBytes: number, droppable: number[]) =>
      codesIn(encodePacket(dhcpPacket({ options }), { maxBytes, droppable }));
    const all = 240 + 5 * 102 + 1;
    expect(codes(all, [66, 12])).toEqual([53, 12, 66, 15, 67]);
    expect(codes(all - 1, [66, 12])).toEqual([53, 12, 15, 67]);
    expect(codes(all - 102, [66, 12])).toEqual([53, 12, 15, 67]);
    expect(codes(all - 103, [66, 66, 7, 12])).toEqual([53, 15, 67]);
    expect(codes(all - 103, [67, 53])).toEqual([12, 66, 15]);
  });

  it('does not write what does not fit', () => {
    const options = new Map([
      [66, text(10)],
      [67, text(300)],
    ]);
    const write = (maxBytes: number, droppable: number[] = []) =>
      encodePacket(dhcpPacket({ options }), { maxBytes, droppable });
    expect(write(557)).toHaveLength(557);
    expect(write(545, [66])).toHaveLength(545);
    expect(() => write(544, [66, 3])).toThrow(
      new DhcpCodecError('the packet has 545 bytes, and the client takes 544: its longest option is 67, of 300 bytes'),
    );
    expect(() => encodePacket(dhcpPacket(), { maxBytes: 299 })).toThrow(DhcpCodecError);
  });

  it.each<[string, Partial<Record<keyof DhcpPacket, unknown>>]>([
    ['op', { op: 3 }],
    ['htype', { htype: 256 }],
    ['hlen', { hlen: 17 }],
    ['hops', { hops: -1 }],
    ['xid', { xid: 2 ** 32 }],
    ['secs', { secs: 65_536 }],
    ['flags', { flags: 0.5 }],
    ['chaddr', { chaddr: Buffer.alloc(6) }],
    ['sname', { sname: 'x'.repeat(64) }],
    ['file', { file: 'x'.repeat(128) }],
    ['file', { file: 'a\0b' }],
    ['file', { file: 'Ā' }],
    ['"1x.2.3.4"', { ciaddr: '1x.2.3.4' }],
    ['"1.2.3"', { yiaddr: '1.2.3' }],
    ['"1.2.3."', { siaddr: '1.2.3.' }],
    ['"1.2.3.256"', { giaddr: '1.2.3.256' }],
    ['"1.2.3.0004"', { giaddr: '1.2.3.0004' }],
    ['"1..2.3"', { giaddr: '1..2.3' }],
    ['"1.2.3.4.5"', { giaddr: '1.2.3.4.5' }],
    ['"::1"', { giaddr: '::1' }],
    ['""', { giaddr: '' }],
    ['0', { options: new Map([[0, text(1)]]) }],
    ['52', { options: new Map([[52, Buffer.of(1)]]) }],
    ['255', { options: new Map([[255, text(1)]]) }],
    ['1.5', { options: new Map([[1.5, text(1)]]) }],
  ])('refuses a wrong %s: %j', (name, wrong) => {
    const write = () => encodePacket({ ...dhcpPacket(), ...(wrong as Partial<DhcpPacket>) }, LIMITS);
    expect(write).toThrow(DhcpCodecError);
    expect(write).toThrow(name);
  });
});

function anyPacket(): fc.Arbitrary<DhcpPacket> {
  const quad = fc.ipV4();
  const bytes = (constraints: fc.IntArrayConstraints) => fc.uint8Array(constraints).map((any) => Buffer.from(any));
  const words = (maxLength: number) =>
    fc.array(fc.integer({ min: 1, max: 255 }), { maxLength }).map((codes) => String.fromCharCode(...codes));
  const code = fc.integer({ min: 1, max: 254 }).filter((any) => any !== 52);
  const option = fc.tuple(
    code,
    fc.oneof(bytes({ maxLength: 20 }), bytes({ minLength: 250, maxLength: 800, size: 'max' })),
  );
  return fc.record({
    ...{ op: fc.constantFrom(1, 2), htype: fc.nat(255), hlen: fc.nat(16), hops: fc.nat(255) },
    ...{ xid: fc.nat(0xffffffff), secs: fc.nat(0xffff), flags: fc.nat(0xffff) },
    ...{ ciaddr: quad, yiaddr: quad, siaddr: quad, giaddr: quad },
    chaddr: bytes({ minLength: 16, maxLength: 16 }),
    ...{ sname: words(63), file: words(127) },
    options: fc.uniqueArray(option, { selector: ([number]) => number, maxLength: 12 }).map((all) => new Map(all)),
  });
}
