import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import { decodePacket } from '../../src/dhcp/packet.js';
import { describeClient, factsOf, readClient } from '../../src/pxe/client.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { anyDatagram, architectures, pxeRequest } from '../fixtures/pxe.js';

const MAC = '52:54:00:77:00:01';
const UUID = '77000001-1ab0-4c0d-8e0f-000000000001';
const NOWHERE = '0.0.0.0';

/** What packets of one kind say, and what is made of that. */
type Kind = {
  readonly names: readonly (keyof typeof DHCP_PACKETS)[];
  readonly kind: string;
  readonly code: number;
  readonly architecture?: string;
  readonly firmware: readonly string[];
  readonly ipxe?: unknown;
};

const KINDS: readonly Kind[] = [
  {
    names: ['ipxeBios2019Discover', 'ipxeBios2019Request'],
    ...{ kind: 'ipxe', code: 0, firmware: ['bios'], ipxe: { hasHttp: true, hasHttps: false } },
  },
  {
    names: ['ipxeBiosDiscover', 'ipxeBiosRequest'],
    ...{ kind: 'ipxe', code: 0, firmware: ['bios'], ipxe: { hasHttp: true, hasHttps: true } },
  },
  {
    names: ['ipxeAmd64Discover', 'ipxeAmd64Request', 'ipxeAmd64ProxyDiscover', 'ipxeAmd64ProxyRequest'],
    ...{ kind: 'ipxe', code: 7, architecture: 'amd64', firmware: ['uefi', 'uefi-http'] },
    ipxe: { hasHttp: true, hasHttps: true },
  },
  {
    names: ['ipxeArm64Discover', 'ipxeArm64Request', 'ipxeArm64ProxyDiscover'],
    ...{ kind: 'ipxe', code: 11, architecture: 'arm64', firmware: ['uefi', 'uefi-http'] },
    ipxe: { hasHttp: true, hasHttps: true },
  },
  {
    names: ['ovmfPxeDiscover', 'ovmfPxeRequest', 'ovmfPxeBootServerRequest'],
    ...{ kind: 'pxe', code: 7, architecture: 'amd64', firmware: ['uefi'] },
  },
  {
    names: ['aavmfPxeDiscover', 'aavmfPxeRequest', 'aavmfPxeBootServerRequest'],
    ...{ kind: 'pxe', code: 11, architecture: 'arm64', firmware: ['uefi'] },
  },
  {
    names: ['ovmfHttpDiscover', 'ovmfHttpRequest', 'ovmf2022HttpDiscover'],
    ...{ kind: 'http', code: 16, architecture: 'amd64', firmware: ['uefi-http'] },
  },
  {
    names: ['aavmfHttpDiscover', 'aavmfHttpRequest', 'aavmf2022HttpDiscover'],
    ...{ kind: 'http', code: 19, architecture: 'arm64', firmware: ['uefi-http'] },
  },
];
const REAL = KINDS.flatMap(({ names, ...said }) => names.map((name) => ({ name, ...said })));
const NO_BOOT_CLIENTS = ['udhcpcDiscover', 'udhcpcRequest', 'dnsmasqPxeAck'] as const;

describe('clients of real packets', () => {
  it.each(REAL)('$name', ({ name, kind, code, architecture, firmware, ipxe }) => {
    const packet = packetOf(DHCP_PACKETS[name]);
    const client = readClient(packet);
    expect(client).toMatchObject({ kind, mac: MAC, uuid: UUID, architecture: { code } });
    expect(client.ipxe).toEqual(ipxe);
    expect(factsOf(client, packet, NOWHERE)).toEqual({
      macs: [MAC],
      uuid: UUID,
      ...(architecture !== undefined && { architecture }),
      ...(name.includes('BootServer') && { ip: '192.168.77.199' }),
      firmware,
      sourceAddress: NOWHERE,
    });
  });

  it('leave out none', () => {
    const named = [...REAL.map(({ name }) => name), ...NO_BOOT_CLIENTS];
    expect([...named].sort()).toEqual(Object.keys(DHCP_PACKETS).sort());
  });

  it.each(NO_BOOT_CLIENTS)('%s is none that boots', (name) =>
    expect(readClient(packetOf(DHCP_PACKETS[name]))).toEqual({ kind: 'other', mac: MAC }),
  );

  it.each([
    ['ovmfPxeDiscover', 'x64 UEFI by PXE'],
    ['aavmfHttpDiscover', 'ARM 64-bit UEFI HTTP'],
    ['ipxeBiosDiscover', 'x86 BIOS, iPXE'],
    ['udhcpcDiscover', 'no boot client'],
  ] as const)('%s is described to people', (name, text) =>
    expect(describeClient(readClient(packetOf(DHCP_PACKETS[name])))).toBe(text),
  );
});

describe('the architecture', () => {
  const read = (codes: readonly number[], vendorClass: string | undefined = 'PXEClient') =>
    readClient(pxeRequest({ architectures: codes, vendorClass })).architecture?.code;

  it('is the first known of several, whatever the class says', () => {
    expect(read([999, 11, 7])).toBe(11);
    expect(read([7, 16])).toBe(7);
    expect(read([7], 'PXEClient:Arch:00000:UNDI:002001')).toBe(7);
  });

  it.each([7, 9])('%i is a PC of 64 bits, by either reading of RFC 4578', (code) => {
    const packet = pxeRequest({ architectures: [code] });
    expect(factsOf(readClient(packet), packet, NOWHERE)).toMatchObject({ architecture: 'amd64', firmware: ['uefi'] });
  });

  it('is that of the class’s digits where nothing else says a known one', () => {
    expect(read([], 'PXEClient:Arch:00011:UNDI:003000')).toBe(11);
    expect(read([4_711], 'PXEClient:Arch:00007:UNDI:003000')).toBe(7);
    expect(read([], 'HTTPClient:Arch:00016')).toBe(16);
  });

  it.each(['PXEClient', 'PXEClient:Arch:7', 'PXEClient:Arch:99999', 'PXEClient:Arch:0000x', 'PXEClient:arch:00007'])(
    'is not known by the class %s',
    (vendorClass) => {
      const packet = pxeRequest({ vendorClass });
      expect(readClient(packet)).toEqual({ kind: 'pxe', mac: MAC });
      const facts = factsOf(readClient(packet), packet, NOWHERE);
      expect(facts).toEqual({ macs: [MAC], sourceAddress: NOWHERE });
      expect(describeClient(readClient(packet))).toBe('a machine of no known architecture by PXE');
    },
  );

  it.each([['b8:27:eb:01:02:03'], ['DC-A6-32-01-02-03'], ['e45f01010203'], ['28:cd:c1:01:02:03'], ['d8:3a:dd:0:0:0']])(
    'of the Raspberry Pi %s is no BIOS, as it says',
    (text) => {
      const hex = text.replaceAll(/[:-]/g, '').padEnd(32, '0');
      const packet = pxeRequest({ architectures: [0], chaddr: Buffer.from(hex, 'hex') });
      expect(readClient(packet).architecture).toMatchObject({ code: 41, architecture: 'arm64' });
      expect(factsOf(readClient(packet), packet, NOWHERE).firmware).toBeUndefined();
      const uefi = pxeRequest({ architectures: [11], chaddr: Buffer.from(hex, 'hex') });
      expect(readClient(uefi).architecture?.code).toBe(11);
    },
  );
});

describe('the kind', () => {
  const IPXE = [OPTION.userClass, Buffer.from('iPXE')] as const;

  it.each<[string, Buffer]>([
    ['the bare bytes', Buffer.from('iPXE')],
    ['the bare bytes and a NUL', Buffer.from('iPXE\0')],
    ['a list of RFC 3004', Buffer.from('\x04iPXE')],
    ['a list of RFC 3004 with more', Buffer.from('\x03lab\x04iPXE')],
  ])('is iPXE by its user class in %s', (_, value) => {
    const client = readClient(pxeRequest({ architectures: [7], options: [[OPTION.userClass, value]] }));
    expect(client).toMatchObject({ kind: 'ipxe', ipxe: { hasHttp: true, hasHttps: false } });
  });

  it.each(['ipxe', 'iPXE2', 'gPXE', ''])('is not iPXE by the user class "%s"', (name) => {
    const client = readClient(pxeRequest({ architectures: [7], options: [[OPTION.userClass, Buffer.from(name)]] }));
    expect(client).toMatchObject({ kind: 'pxe' });
    expect(client.ipxe).toBeUndefined();
  });

  it.each([
    ['130101 140101', { hasHttp: true, hasHttps: true }],
    ['130101', { hasHttp: true, hasHttps: false }],
    ['130100', { hasHttp: false, hasHttps: false }],
    ['150101', { hasHttp: false, hasHttps: false }],
    ['', { hasHttp: false, hasHttps: false }],
    ['13ff01', { hasHttp: false, hasHttps: false }],
  ])('is iPXE by option 175 alone: %s', (features, ipxe) => {
    const value = Buffer.from(features.replaceAll(' ', ''), 'hex');
    for (const more of [[], [[OPTION.userClass, Buffer.from('lab')] as const]])
      expect(readClient(pxeRequest({ architectures: [7], options: [[OPTION.ipxe, value], ...more] }))).toMatchObject({
        kind: 'ipxe',
        ipxe,
      });
  });

  it('is HTTP Boot by its class before everything else', () => {
    const client = readClient(pxeRequest({ vendorClass: 'HTTPClient', architectures: [16], options: [IPXE] }));
    expect(client.kind).toBe('http');
    expect(readClient(pxeRequest({ vendorClass: 'HTTPClient:Arch:00016\0' })).kind).toBe('http');
    expect(readClient(pxeRequest({ vendorClass: 'xHTTPClient', architectures: [16] })).kind).toBe('other');
  });

  it.each([21, 22, 23, 24])('is PXE of U-Boot, %i, whatever its class is', (code) => {
    for (const vendorClass of ['U-Boot.armv8', undefined])
      expect(readClient(pxeRequest({ vendorClass, architectures: [code] })).kind).toBe('pxe');
  });

  it('is none of these for whoever only says an architecture', () => {
    expect(readClient(pxeRequest({ vendorClass: undefined, architectures: [7] })).kind).toBe('other');
    expect(readClient(pxeRequest({ vendorClass: 'MSFT 5.0' })).kind).toBe('other');
  });
});

it.each([
  ['PXEClient', [16, 7], ['uefi']],
  ['HTTPClient', [7, 16], ['uefi-http']],
  ['HTTPClient', [0], ['bios']],
])('the firmware is that which asks: %s with %j', (vendorClass, codes, firmware) => {
  const packet = pxeRequest({ vendorClass, architectures: codes });
  expect(factsOf(readClient(packet), packet, NOWHERE).firmware).toEqual(firmware);
});

describe('who it is', () => {
  const wireUuid = (hex: string) => [OPTION.clientUuid, Buffer.from(`00${hex}`, 'hex')] as const;

  it.each([
    ['zeros', '0'.repeat(32)],
    ['ones', 'f'.repeat(32)],
    ['a board without one', '00020003000400050006000700080009'],
    ['the same in the other order', '03000200040005000006000700080009'],
  ])('is not said by a UUID of %s', (_, hex) =>
    expect(readClient(pxeRequest({ options: [wireUuid(hex)] })).uuid).toBeUndefined(),
  );

  it('is said by a UUID of the right form alone', () => {
    const good = wireUuid('01000077b01a0d4c8e0f000000000001');
    expect(readClient(pxeRequest({ options: [good] })).uuid).toBe(UUID);
    for (const bad of [
      good[1].subarray(0, 16),
      Buffer.concat([good[1], Buffer.of(0)]),
      Buffer.of(1, ...good[1].subarray(1)),
    ])
      expect(readClient(pxeRequest({ options: [[OPTION.clientUuid, bad]] }))).toEqual({ kind: 'pxe', mac: MAC });
  });

  it('is no MAC where there is none: InfiniBand, and cards without one', () => {
    const infiniband = pxeRequest({ htype: 32, hlen: 0 });
    const client = readClient(infiniband);
    expect(client).toEqual({ kind: 'pxe' });
    expect(factsOf(client, infiniband, '10.1.0.1')).toEqual({ macs: [], sourceAddress: '10.1.0.1' });
    for (const fill of [0, 255]) expect(readClient(pxeRequest({ chaddr: Buffer.alloc(16, fill) })).mac).toBeUndefined();
    expect(readClient(pxeRequest({ hlen: 5 })).mac).toBeUndefined();
    expect(readClient(pxeRequest({ hlen: 8 })).mac).toBe('52:54:00:77:00:01:00:00');
  });

  it('has a name of its own, and an address', () => {
    const packet = pxeRequest({ ciaddr: '10.1.0.9', options: [[OPTION.hostName, Buffer.from('node-1\0')]] });
    expect(factsOf(readClient(packet), packet, '10.1.0.9')).toMatchObject({ hostname: 'node-1', ip: '10.1.0.9' });
    expect(readClient(pxeRequest({ options: [[OPTION.hostName, Buffer.alloc(2)]] })).hostname).toBeUndefined();
  });
});

it('never throws for what is a packet at all', () => {
  let decoded = 0;
  fc.assert(
    fc.property(anyDatagram, (bytes) => {
      const read = decodePacket(bytes);
      if (read.kind === 'malformed') return;
      decoded += 1;
      const client = readClient(read.packet);
      const facts = factsOf(client, read.packet, NOWHERE);
      expect(facts.macs.length).toBeLessThanOrEqual(1);
      expect(describeClient(client)).toMatch(/^[\x20-\x7e]+$/);
    }),
    { numRuns: 2_000 },
  );
  expect(decoded).toBeGreaterThan(100);
});

/** By IANA's table. */
it.each([
  [0, ['bios'], undefined],
  [6, ['uefi'], '386'],
  [7, ['uefi'], 'amd64'],
  [10, ['uefi'], 'arm'],
  [11, ['uefi'], 'arm64'],
  [15, ['uefi-http'], '386'],
  [16, ['uefi-http'], 'amd64'],
  [17, ['uefi-http'], 'amd64'],
  [18, ['uefi-http'], 'arm'],
  [19, ['uefi-http'], 'arm64'],
  [22, ['uefi'], 'arm64'],
  [27, ['uefi'], 'riscv64'],
  [28, ['uefi-http'], 'riscv64'],
  [39, ['uefi'], 'loong64'],
  [40, ['uefi-http'], 'loong64'],
  [41, undefined, 'arm64'],
  [42, undefined, undefined],
])('the architecture %i is %j of %s', (code, firmware, architecture) => {
  const vendorClass = firmware?.[0] === 'uefi-http' ? 'HTTPClient' : 'PXEClient';
  const packet = pxeRequest({ vendorClass, options: [[OPTION.clientArchitecture, architectures(code)]] });
  const client = readClient(packet);
  expect(client.architecture?.code).toBe(code === 42 ? undefined : code);
  const facts = factsOf(client, packet, NOWHERE);
  expect([facts.firmware, facts.architecture]).toEqual([firmware, architecture]);
});
