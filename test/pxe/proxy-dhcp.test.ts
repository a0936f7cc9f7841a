import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Invitation } from '../../src/booter/invitation.js';
import { bootDiscover } from '../../src/dhcp/boot-look.js';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { encodePacket } from '../../src/dhcp/packet.js';
import type { MachineFacts } from '../../src/machine/facts.js';
import { parseIp } from '../../src/net/ip.js';
import type { Door } from '../../src/pxe/door.js';
import type { ProxyExchange } from '../../src/pxe/exchange.js';
import { proxyExchange } from '../../src/pxe/proxy-dhcp.js';
import { packetOf, rawPacket } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { assignment } from '../fixtures/mappings.js';
import { allOffered, anyDatagram, pxeDatagram } from '../fixtures/pxe.js';

const ADDRESS = '192.168.77.1';
const DHCP: Door = { step: 'offer', address: ADDRESS, subnets: [], name: 'br0' };
const PXE: Door = { step: 'ack', address: ADDRESS, subnets: [], name: 'br0' };
/** Whoever has no address yet. */
const NOBODY = { address: '0.0.0.0', port: 68 };
const SOMEBODY = { address: '192.168.77.199', port: 4_011 };
const SUBJECT = { name: 'node-01', contradictions: [], mayBeKnown: false, facts: { macs: [], sourceAddress: '' } };
const SURE: Invitation = { kind: 'sure', subject: SUBJECT, assignment: assignment() };

type Options = {
  readonly invitation?: Invitation;
  readonly from?: typeof NOBODY;
  readonly offered?: typeof allOffered;
};

function exchange(bytes: Buffer, door: Door, { invitation = SURE, from, offered = allOffered }: Options = {}) {
  const seen: MachineFacts[] = [];
  const addresses: string[] = [];
  const result = proxyExchange(bytes, from ?? (door.step === 'offer' ? NOBODY : SOMEBODY), door, {
    invite: (facts) => {
      seen.push(facts);
      return invitation;
    },
    offerings: (address) => {
      addresses.push(address);
      return offered();
    },
  });
  return { result, seen, addresses };
}

const answerOf = (result: ProxyExchange) => (result.kind === 'answered' ? result : expect.unreachable(result.reason));

describe('at DHCP’s port', () => {
  it('does not answer our own look for other servers, which is nobody’s boot', () => {
    const look = (address: string) =>
      exchange(encodePacket(bootDiscover({ address, xid: 1 }, 7), { maxBytes: 548 }), DHCP);
    const { result, seen } = look(ADDRESS);
    expect([result, seen]).toEqual([{ kind: 'ignored', reason: 'it is our own look for other servers' }, []]);
    // Another of our kind is told.
    expect(look('192.168.77.2').result.kind).toBe('answered');
  });

  it('offers what there is at its address to a DISCOVER, to everybody', () => {
    const { result, seen, addresses } = exchange(DHCP_PACKETS.ovmfPxeDiscover, DHCP);
    const { told, to, invitation, client } = answerOf(result);
    expect([told, to]).toEqual([
      { kind: 'loader', file: 'snponly.efi' },
      { kind: 'broadcast', port: 68 },
    ]);
    expect([invitation, client.kind]).toEqual([SURE, 'pxe']);
    expect(seen).toMatchObject([{ macs: ['52:54:00:77:00:01'], architecture: 'amd64', firmware: ['uefi'] }]);
    expect(addresses).toEqual([ADDRESS]);
  });

  it.each(Object.keys(DHCP_PACKETS).filter((name) => /Request$/.test(name)))('is silent to %s', (name) =>
    expect(exchange(DHCP_PACKETS[name as keyof typeof DHCP_PACKETS], DHCP).result).toEqual({
      kind: 'ignored',
      reason: 'its message type 3 is not for a proxy at this port',
    }),
  );

  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10, 13])('is silent to the message type %i', (type) =>
    expect(exchange(pxeDatagram({ type, architectures: [7] }), DHCP).result.kind).toBe('ignored'),
  );

  it('answers a relay, and takes it for whom the machine came from', () => {
    const { result, seen } = exchange(pxeDatagram({ architectures: [7], giaddr: '10.1.0.1' }), DHCP, {
      from: { address: '10.1.0.254', port: 67 },
    });
    expect(answerOf(result).to).toEqual({ kind: 'relay', address: '10.1.0.1', port: 67 });
    expect(seen).toMatchObject([{ sourceAddress: '10.1.0.1' }]);
  });
});

describe('at the boot server’s port', () => {
  it.each([MESSAGE.request, MESSAGE.inform])('acknowledges the message type %i, back to where it came from', (type) => {
    for (const port of [68, 4_011]) {
      const from = { address: '192.168.77.199', port };
      const { result } = exchange(pxeDatagram({ type, architectures: [7], ciaddr: from.address }), PXE, { from });
      const { to, bytes } = answerOf(result);
      expect(to).toEqual({ kind: 'sender', ...from });
      expect(packetOf(bytes)).toMatchObject({ ciaddr: from.address, yiaddr: '0.0.0.0' });
    }
  });

  it.each([1, 2, 4, 5, 6, 7])('is silent to the message type %i', (type) =>
    expect(exchange(pxeDatagram({ type, architectures: [7] }), PXE).result.kind).toBe('ignored'),
  );

  it('is silent to who asks another server, and takes who asks this one or says nothing of it', () => {
    const asking = (...server: readonly number[]) =>
      exchange(
        pxeDatagram({ type: MESSAGE.request, architectures: [7], options: [[OPTION.serverId, Buffer.from(server)]] }),
        PXE,
      ).result;
    expect(asking(192, 168, 77, 2)).toEqual({ kind: 'ignored', reason: 'it is for the server 192.168.77.2' });
    expect([asking(192, 168, 77, 1).kind, asking().kind, asking(192, 168).kind]).toEqual(Array(3).fill('answered'));
    expect(exchange(DHCP_PACKETS.aavmfPxeBootServerRequest, PXE).result.kind).toBe('answered');
  });

  it('is silent to who asks for no boot', () => {
    const lease = pxeDatagram({ type: MESSAGE.request, vendorClass: 'udhcp 1.35.0' });
    expect(exchange(lease, PXE).result).toEqual({ kind: 'ignored', reason: 'it does not ask to be booted' });
  });
});

describe('nobody is answered', () => {
  it.each<[string, Buffer, string]>([
    ['a plain client', DHCP_PACKETS.udhcpcDiscover, 'it does not ask to be booted'],
    ['an answer of another server', DHCP_PACKETS.dnsmasqPxeAck, 'it is an answer'],
    ['an answer that looks like a question', pxeDatagram({ op: 2, architectures: [7] }), 'it is an answer'],
    ['what goes in a circle', pxeDatagram({ architectures: [7], hops: 17 }), 'it came over 17 relays'],
    ['BOOTP', rawPacket('3c09505845436c69656e74 ff'), 'it is of BOOTP'],
    ['a message type of two bytes', rawPacket('35020101 3c09505845436c69656e74 ff'), 'it is of BOOTP'],
  ])('%s', (_, bytes, reason) => {
    const { result, seen } = exchange(bytes, DHCP);
    expect(result).toEqual({ kind: 'ignored', reason });
    // Nobody looks for the machine, either.
    expect(seen).toEqual([]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a header', DHCP_PACKETS.ovmfPxeDiscover.subarray(0, 200)],
    ['another protocol', Buffer.alloc(300, 7)],
    ['an option cut off', DHCP_PACKETS.ovmfPxeDiscover.subarray(0, -6)],
  ])('%s', (_, bytes) => expect(exchange(bytes, DHCP).result.kind).toBe('malformed'));

  it.each<[Invitation, string]>([
    [{ kind: 'unmapped', subject: SUBJECT }, 'no assignment matches this machine'],
    [{ kind: 'draining', subject: SUBJECT }, 'the server is about to end'],
  ])('a machine that is %o', (invitation, reason) => {
    for (const [bytes, door] of [
      [DHCP_PACKETS.ovmfPxeDiscover, DHCP],
      [DHCP_PACKETS.ovmfPxeBootServerRequest, PXE],
    ] as const)
      expect(exchange(bytes, door, { invitation }).result).toMatchObject({ kind: 'unanswered', reason, invitation });
  });

  it('a machine that is to boot its local disk, by UEFI HTTP Boot alone: all others are led to a program that says so', () => {
    const invitation: Invitation = { ...SURE, kind: 'local', assignment: assignment(), reason: 'it is done' };
    expect(exchange(DHCP_PACKETS.ovmfHttpDiscover, DHCP, { invitation }).result).toMatchObject({
      kind: 'unanswered',
      reason: 'it is done',
    });
    for (const bytes of [DHCP_PACKETS.ovmfPxeDiscover, DHCP_PACKETS.ipxeBiosDiscover])
      expect(exchange(bytes, DHCP, { invitation }).result.kind).toBe('answered');
  });

  it('but a machine that waits for an assignment is', () => {
    const unknown: Invitation = { kind: 'unknown', subject: SUBJECT };
    expect(exchange(DHCP_PACKETS.ovmfHttpDiscover, DHCP, { invitation: unknown }).result.kind).toBe('answered');
  });

  it('but what a relay shows by a REQUEST for another server is told', () => {
    const request = Buffer.from(DHCP_PACKETS.udhcpcRequest);
    const from = { address: '10.1.0.1', port: 67 };
    expect(exchange(request, DHCP, { from }).result).not.toHaveProperty('word');
    Buffer.from([10, 1, 0, 1]).copy(request, 24);
    const { result } = exchange(request, DHCP, { from });
    expect(result).toMatchObject({ kind: 'ignored', word: { relay: '10.1.0.1', from: '10.1.0.1' } });
    // Relays know the other port alone.
    expect(exchange(request, PXE, { from }).result).not.toHaveProperty('word');
  });

  it('but a machine of which a later step decides is', () => {
    const open: Invitation = { ...SURE, kind: 'open' };
    expect(exchange(DHCP_PACKETS.ovmfPxeDiscover, DHCP, { invitation: open }).result.kind).toBe('answered');
  });

  it('for whom there is nothing', () => {
    const none = () => allOffered({ loaders: new Set() });
    expect(exchange(DHCP_PACKETS.ovmfPxeDiscover, DHCP, { offered: none }).result).toMatchObject({
      kind: 'unanswered',
      reason: expect.stringContaining('snponly.efi or ipxe.efi is missing') as string,
    });
  });

  it('who would not take what there is to say', () => {
    const long = pxeDatagram({ architectures: [7], options: [[OPTION.clientId, Buffer.alloc(300, 1)]] });
    expect(exchange(long, DHCP).result).toMatchObject({
      kind: 'unanswered',
      reason: expect.stringMatching(/^the answer cannot be written: .* its longest option is 61/) as string,
    });
  });

  it('over sixteen relays at most', () =>
    expect(exchange(pxeDatagram({ architectures: [7], hops: 16 }), DHCP).result.kind).toBe('answered'));
});

describe('a relay’s server identifier', () => {
  const agent = Buffer.from('0104000400010b040a090909', 'hex');
  const serverId = (giaddr: string, value = agent) => {
    const bytes = pxeDatagram({ architectures: [7], giaddr, options: [[OPTION.relayAgent, value]] });
    const { reply } = answerOf(exchange(bytes, DHCP).result);
    expect(reply.options.get(OPTION.relayAgent)).toEqual(value);
    return [...(reply.options.get(OPTION.serverId) ?? [])].join('.');
  };

  it('stands for ours', () => expect(serverId('10.1.0.1')).toBe('10.9.9.9'));
  it('is believed of no client that is none', () => expect(serverId('0.0.0.0')).toBe(ADDRESS));
  it('is ours where the relay has none of its own', () => {
    expect(serverId('10.1.0.1', Buffer.from('010400040001', 'hex'))).toBe(ADDRESS);
    expect(serverId('10.1.0.1', Buffer.from('0b020a09', 'hex'))).toBe(ADDRESS);
  });
});

/** Whole answers, as firmware gets them. Gaps are between fields; `00{9}` is nine zeros. */
const GOLDEN: readonly [string, Buffer, Door, string][] = [
  [
    'a BIOS ROM',
    pxeDatagram({ architectures: [0], vendorClass: 'PXEClient:Arch:00000:UNDI:002001', xid: 0x01020304, secs: 4 }),
    DHCP,
    `02 01 06 00 01020304 0000 8000  00000000 00000000 c0a84d01 00000000  525400770001 00{10}
     3139322e3136382e37372e31 00{52}  756e64696f6e6c792e6b707865 00{115}  63825363
     350102 3604c0a84d01 3c09505845436c69656e74 2b04060108ff 420c3139322e3136382e37372e31
     430e756e64696f6e6c792e6b70786500 ff`,
  ],
  [
    'OVMF, by PXE',
    DHCP_PACKETS.ovmfPxeDiscover,
    DHCP,
    `02 01 06 00 56e84385 0000 8000  00000000 00000000 c0a84d01 00000000  525400770001 00{10}
     3139322e3136382e37372e31 00{52}  736e706f6e6c792e656669 00{117}  63825363
     350102 3604c0a84d01 3c09505845436c69656e74 61110001000077b01a0d4c8e0f000000000001
     420c3139322e3136382e37372e31 430c736e706f6e6c792e65666900 ff`,
  ],
  [
    'OVMF, at the boot server’s port',
    DHCP_PACKETS.ovmfPxeBootServerRequest,
    PXE,
    `02 01 06 00 d03011f0 0000 0000  c0a84dc7 00000000 c0a84d01 00000000  525400770001 00{10}
     3139322e3136382e37372e31 00{52}  736e706f6e6c792e656669 00{117}  63825363
     350105 3604c0a84d01 3c09505845436c69656e74 61110001000077b01a0d4c8e0f000000000001
     420c3139322e3136382e37372e31 430c736e706f6e6c792e65666900 ff`,
  ],
  [
    'OVMF, by HTTP Boot',
    DHCP_PACKETS.ovmfHttpDiscover,
    DHCP,
    `02 01 06 00 2d336341 0000 8000  00000000 00000000 c0a84d01 00000000  525400770001 00{10}
     3139322e3136382e37372e31 00{52}  ${hex('http://192.168.77.1/uefi')} 00{104}  63825363
     350102 3604c0a84d01 3c0a48545450436c69656e74 61110001000077b01a0d4c8e0f000000000001
     420c3139322e3136382e37372e31 4318${hex('http://192.168.77.1/uefi')} ff`,
  ],
  [
    'iPXE, loaded from a proxy’s answer',
    DHCP_PACKETS.ipxeAmd64ProxyDiscover,
    DHCP,
    `02 01 06 00 4aa9e130 0000 8000  00000000 00000000 c0a84d01 00000000  525400770001 00{10}
     3139322e3136382e37372e31 00{52}  ${hex('http://192.168.77.1/b.ipxe')} 00{102}  63825363
     350102 3604c0a84d01 3c09505845436c69656e74 61110001000077b01a0d4c8e0f000000000001 3d0701525400770001
     420c3139322e3136382e37372e31 af03b00101 431a${hex('http://192.168.77.1/b.ipxe')} ff`,
  ],
  [
    'iPXE of a BIOS, which wants no broadcast',
    DHCP_PACKETS.ipxeBiosDiscover,
    DHCP,
    `02 01 06 00 e49ca344 0000 8000  00000000 00000000 c0a84d01 00000000  525400770001 00{10}
     3139322e3136382e37372e31 00{52}  ${hex('http://192.168.77.1/b.ipxe')} 00{102}  63825363
     350102 3604c0a84d01 3c09505845436c69656e74 61110001000077b01a0d4c8e0f000000000001 3d0701525400770001
     420c3139322e3136382e37372e31 af03b00101 431a${hex('http://192.168.77.1/b.ipxe')} ff`,
  ],
];

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

describe('what comes from another network', () => {
  const door = { ...DHCP, subnets: [{ address: parseIp('192.168.77.0') ?? expect.unreachable(), prefixLength: 24 }] };
  it.each<[string, string, boolean]>([
    ['0.0.0.0', '0.0.0.0', true],
    ['192.168.77.20', '0.0.0.0', true],
    ['10.9.9.2', '0.0.0.0', false],
    ['10.9.9.2', '10.9.9.1', true],
  ])('from %s over %s', (address, giaddr, isAnswered) => {
    const { result } = exchange(pxeDatagram({ architectures: [7], giaddr }), door, { from: { address, port: 68 } });
    expect(result.kind).toBe(isAnswered ? 'answered' : 'ignored');
  });
});

describe('byte for byte, the answer', () => {
  it.each(GOLDEN)('to %s', (_, bytes, door, golden) => {
    const offered = () =>
      allOffered({ scriptUrl: 'http://192.168.77.1/b.ipxe', firmwareUrl: () => 'http://192.168.77.1/uefi' });
    const digits = golden
      .replace(/00\{(\d+)\}/g, (_zeros, count: string) => '00'.repeat(Number(count)))
      .replace(/\s/g, '');
    const sent = answerOf(exchange(bytes, door, { offered }).result).bytes;
    // What is short is filled up with zeros.
    expect(sent.toString('hex')).toBe(digits.padEnd(600, '0'));
  });
});

describe('whatever comes', () => {
  const doors = fc.constantFrom(DHCP, PXE);
  const from = fc.record({
    address: fc.constantFrom('0.0.0.0', '10.1.0.9', '239.0.0.1'),
    port: fc.constantFrom(67, 68, 4_011),
  });

  it('is an exchange: any bytes', () => {
    const datagram = fc.oneof(
      fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
      anyDatagram,
    );
    const kinds = new Set<string>();
    fc.assert(
      fc.property(datagram, doors, from, (bytes, door, peer) => {
        const { result } = exchange(bytes, door, { from: peer });
        kinds.add(result.kind);
        if (result.kind !== 'answered') expect(result.reason).toMatch(/^[\x20-\x7e]+$/);
      }),
      { numRuns: 3_000 },
    );
    expect([...kinds].sort()).toEqual(['answered', 'ignored', 'malformed', 'unanswered']);
  });

  it('is an exchange: real packets with some bytes changed, whose answers are packets that fit', () => {
    const real = fc.constantFrom(...Object.values(DHCP_PACKETS));
    const changes = fc.array(fc.tuple(fc.nat(420), fc.nat(255)), { maxLength: 6 });
    let answered = 0;
    fc.assert(
      fc.property(real, changes, doors, from, (packet, changed, door, peer) => {
        const bytes = Buffer.from(packet);
        for (const [at, value] of changed) if (at < bytes.length) bytes[at] = value;
        const { result } = exchange(bytes, door, { from: peer });
        if (result.kind !== 'answered') return;
        answered += 1;
        expect(result.bytes.length).toBeGreaterThanOrEqual(300);
        expect(result.bytes.length).toBeLessThanOrEqual(1_472);
        const { options, ...header } = packetOf(result.bytes);
        expect(header).toMatchObject({ op: 2, xid: bytes.readUInt32BE(4), yiaddr: '0.0.0.0', siaddr: ADDRESS });
        expect(options.has(OPTION.serverId)).toBe(true);
        if (result.to.kind === 'sender') expect(result.to).toMatchObject(peer);
      }),
      { numRuns: 3_000 },
    );
    expect(answered).toBeGreaterThan(100);
  });
});
