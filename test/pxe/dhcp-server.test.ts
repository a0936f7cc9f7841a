import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Invitation } from '../../src/booter/invitation.js';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { lookingDiscover } from '../../src/dhcp/other-servers.js';
import { type DhcpPacket, encodePacket } from '../../src/dhcp/packet.js';
import type { LeaseAnswer } from '../../src/lease/question.js';
import type { MachineFacts } from '../../src/machine/facts.js';
import { readAsking, serverDoor, serverExchange } from '../../src/pxe/dhcp-server.js';
import type { Exchange } from '../../src/pxe/exchange.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { givenAddress, ip, leaseRequest, leaseSubnet, subnetAt } from '../fixtures/lease-packets.js';
import { assignment } from '../fixtures/mappings.js';
import { allOffered, anyDatagram } from '../fixtures/pxe.js';

const US = '192.168.77.1';
const DOOR = serverDoor({ step: 'offer', name: 'br0', address: US, subnets: [subnetAt('192.168.77.0/24')] }, [
  US,
  '192.168.77.3',
]);
const NOBODY = { address: '0.0.0.0', port: 68 };
const GIVEN = '192.168.77.50';
const SUBJECT = { name: 'node-01', contradictions: [], mayBeKnown: false, facts: { macs: [], sourceAddress: '' } };
const SURE: Invitation = { kind: 'sure', subject: SUBJECT, assignment: assignment() };

const SUBNET = leaseSubnet('192.168.77.0/24', { routers: [ip(US)], dns: [ip(US)] });
const given = (kind: 'offer' | 'ack'): LeaseAnswer => ({ kind, ...givenAddress({ subnet: SUBNET }) });
const bytesOf = (packet: DhcpPacket) => encodePacket(packet, { maxBytes: 4_000 });

type Options = { readonly from?: typeof NOBODY; readonly invitation?: Invitation };

function exchange(
  packet: DhcpPacket | Buffer,
  answer: LeaseAnswer,
  { from = NOBODY, invitation = SURE }: Options = {},
) {
  const seen: MachineFacts[] = [];
  const asking = readAsking(Buffer.isBuffer(packet) ? packet : bytesOf(packet), from, DOOR);
  if (asking.kind !== 'asking') return { result: asking as Exchange, seen };
  const result = serverExchange(asking, answer, DOOR, {
    invite: (facts) => {
      seen.push(facts);
      return invitation;
    },
    offerings: () => allOffered(),
  });
  return { result, seen };
}

function sentBy(result: Exchange) {
  const sent =
    result.kind === 'unanswered'
      ? result.sent
      : result.kind === 'leased' || result.kind === 'answered'
        ? result
        : undefined;
  if (sent === undefined) return expect.unreachable(result.kind);
  return { packet: packetOf(sent.bytes), to: sent.to, bytes: sent.bytes };
}

const ALL = { kind: 'broadcast', port: 68 };
const codes = (packet: DhcpPacket) => [...packet.options.keys()];

describe('a client that does not ask to be booted', () => {
  it('is offered an address, and nothing to boot', () => {
    const { result, seen } = exchange(DHCP_PACKETS.udhcpcDiscover, given('offer'));
    const { packet, to } = sentBy(result);
    expect([result.kind, to, seen]).toEqual(['leased', ALL, []]);
    expect(packet).toMatchObject({ op: 2, yiaddr: GIVEN, ciaddr: '0.0.0.0', siaddr: '0.0.0.0', sname: '', file: '' });
    expect(packet.options.get(OPTION.messageType)).toEqual(Buffer.of(MESSAGE.offer));
    for (const code of [60, 43, 66, 67, 97, 175]) expect(packet.options.has(code)).toBe(false);
  });

  it('gets an ACK, byte for byte', () => {
    const request = leaseRequest('request', {
      ...{ wanted: GIVEN, server: US, xid: 0x01020304, secs: 3 },
      options: [
        [OPTION.clientId, Buffer.from('01525400770001', 'hex')],
        [OPTION.parameterRequestList, Buffer.of(3, 1, 28)],
      ],
    });
    const golden = `02 01 06 00 01020304 0000 0000  00000000 c0a84d32 00000000 00000000  525400770001 ${'00'.repeat(202)} 63825363
      350105 3604c0a84d01 330400000e10 3a0400000708 3b0400000c4e 0104ffffff00 0304c0a84d01 1c04c0a84dff 3d0701525400770001 ff`;
    expect(sentBy(exchange(request, given('ack')).result).bytes.toString('hex')).toBe(
      golden.replace(/\s/g, '').padEnd(600, '0'),
    );
  });

  it('that renews hears it at its address, from wherever that is', () => {
    for (const ciaddr of [GIVEN, '10.9.0.7']) {
      const { result } = exchange(leaseRequest('request', { ciaddr }), given('ack'), {
        from: { address: ciaddr, port: 68 },
      });
      const { packet, to } = sentBy(result);
      expect([to, packet.ciaddr]).toEqual([{ kind: 'unicast', address: ciaddr, port: 68 }, ciaddr]);
    }
  });

  it('that only wants the rest gets that, and no times', () => {
    const request = leaseRequest('inform', { ciaddr: GIVEN, giaddr: '10.1.0.1' });
    const { packet, to } = sentBy(exchange(request, { kind: 'informed', subnet: SUBNET }).result);
    expect(to).toEqual({ kind: 'unicast', address: GIVEN, port: 68 });
    expect(packet).toMatchObject({ yiaddr: '0.0.0.0', ciaddr: GIVEN });
    expect(codes(packet)).toEqual([53, 54, 1, 3, 6]);
  });

  it('behind a relay is answered over it, with what it said', () => {
    const agent = Buffer.from('0104000400010b040a090909', 'hex');
    const chosen = Buffer.of(10, 1, 0, 0);
    const options = [
      [OPTION.relayAgent, agent],
      [OPTION.subnetSelection, chosen],
    ] as const;
    const request = leaseRequest('discover', { giaddr: '10.1.0.1', options });
    const { packet, to } = sentBy(exchange(request, given('offer')).result);
    expect(to).toEqual({ kind: 'relay', address: '10.1.0.1', port: 67 });
    expect(codes(packet).slice(-2)).toEqual([OPTION.subnetSelection, OPTION.relayAgent]);
    expect(packet.options.get(OPTION.subnetSelection)).toEqual(chosen);
    expect(packet.options.get(OPTION.relayAgent)).toEqual(agent);
    expect(packet.options.get(OPTION.serverId)).toEqual(Buffer.of(10, 9, 9, 9));
    // Nobody heeds it there.
    const here = leaseRequest('discover', { options: [[OPTION.subnetSelection, chosen]] });
    expect(codes(sentBy(exchange(here, given('offer')).result).packet)).not.toContain(OPTION.subnetSelection);
  });
});

describe('a refusal', () => {
  const nak: LeaseAnswer = { kind: 'nak', reason: 'it is in another subnet' };
  const request = (more = {}) =>
    leaseRequest('request', { wanted: GIVEN, options: [[OPTION.clientId, Buffer.of(1, 2, 3)]], ...more });

  it('has what it may have, for everybody to hear', () => {
    const { packet, to } = sentBy(exchange(request(), nak).result);
    expect([to, codes(packet)]).toEqual([ALL, [53, 54, 56, 61]]);
    expect(packet).toMatchObject({ yiaddr: '0.0.0.0', ciaddr: '0.0.0.0', siaddr: '0.0.0.0', flags: 0 });
    expect(packet.options.get(OPTION.message)?.toString()).toBe('it is in another subnet');
  });

  it('is broadcast by a relay', () => {
    const { packet, to } = sentBy(exchange(request({ giaddr: '10.1.0.1' }), nak).result);
    expect([to, packet.flags]).toEqual([{ kind: 'relay', address: '10.1.0.1', port: 67 }, 0x8000]);
  });

  it('goes to who renews from behind a router alone', () => {
    const renews = (ciaddr: string) =>
      sentBy(exchange(leaseRequest('request', { ciaddr }), nak, { from: { address: ciaddr, port: 68 } }).result).to;
    expect(renews(GIVEN)).toEqual(ALL);
    expect(renews('10.9.0.7')).toEqual({ kind: 'unicast', address: '10.9.0.7', port: 68 });
  });
});

describe('a machine that asks to be booted', () => {
  it.each<[Buffer, 'offer' | 'ack', string, readonly number[]]>([
    [DHCP_PACKETS.ovmfPxeDiscover, 'offer', 'snponly.efi', [28, 60, 97, 66, 67]],
    [DHCP_PACKETS.ovmfPxeRequest, 'ack', 'snponly.efi', [28, 60, 97, 66, 67]],
    [DHCP_PACKETS.ipxeBiosDiscover, 'offer', 'http://192.168.77.1:8080/boot.ipxe', [60, 97, 61, 66, 175, 67]],
    [DHCP_PACKETS.ipxeBiosRequest, 'ack', 'http://192.168.77.1:8080/boot.ipxe', [60, 97, 61, 66, 175, 67]],
  ])('is told how beside its address (%#): OVMF, iPXE', (bytes, kind, file, bootCodes) => {
    const { result, seen } = exchange(bytes, given(kind));
    const { packet, to } = sentBy(result);
    expect([result.kind, to]).toEqual(['answered', ALL]);
    expect(packet).toMatchObject({ yiaddr: GIVEN, siaddr: US, sname: US, file });
    expect(codes(packet)).toEqual([53, 54, 51, 58, 59, 1, 3, 6, ...bootCodes]);
    expect(result).toMatchObject({ invitation: SURE, ...(kind === 'ack' && { acknowledged: GIVEN }) });
    expect('acknowledged' in result).toBe(kind === 'ack');
    // Assignments may be for addresses.
    expect(seen).toMatchObject([{ ip: GIVEN, macs: ['52:54:00:77:00:01'], sourceAddress: '0.0.0.0' }]);
  });

  it.each<[string, Invitation, string]>([
    ['nothing matches', { kind: 'unmapped', subject: SUBJECT }, 'no assignment matches this machine'],
    ['its disk', { ...SURE, kind: 'local', assignment: assignment(), reason: 'it is done' }, 'it is done'],
  ])('gets an address alone where it is to boot nothing: %s', (_, invitation, reason) => {
    const { result } = exchange(DHCP_PACKETS.ovmfHttpDiscover, given('offer'), { invitation });
    const { packet } = sentBy(result);
    expect(result).toMatchObject({ kind: 'unanswered', reason });
    expect(packet).toMatchObject({ yiaddr: GIVEN, siaddr: '0.0.0.0', file: '' });
    for (const code of [60, 66, 67]) expect(packet.options.has(code)).toBe(false);
  });

  it('gets nothing of a server that is about to end, since an address alone leads to its disk', () => {
    const { result } = exchange(DHCP_PACKETS.ovmfPxeDiscover, given('offer'), {
      invitation: { kind: 'draining', subject: SUBJECT },
    });
    expect(result).toMatchObject({ kind: 'unanswered', reason: 'the server is about to end' });
    expect(result).not.toHaveProperty('sent');
  });
});

it('does not acknowledge what a machine that asks to be booted says it has', () => {
  const packet = packetOf(DHCP_PACKETS.ovmfPxeDiscover);
  const options = new Map([...packet.options, [OPTION.messageType, Buffer.of(MESSAGE.inform)] as const]);
  const inform = { ...packet, ciaddr: GIVEN, options };
  const from = { address: GIVEN, port: 68 };
  const { result } = exchange(inform, { kind: 'informed', subnet: SUBNET }, { from });
  expect(result.kind).toBe('answered');
  expect(result).not.toHaveProperty('acknowledged');
});

describe('nothing is sent', () => {
  it('to who is told nothing', () =>
    expect(exchange(leaseRequest('discover'), { kind: 'silent', reason: 'there is none' }).result).toEqual({
      kind: 'ignored',
      reason: 'there is none',
    }));

  it('to who is elsewhere, and says so', () => {
    const from = { address: '10.9.0.7', port: 68 };
    const said = [
      leaseRequest('discover'),
      leaseRequest('discover', { ciaddr: from.address }),
      leaseRequest('request', { ciaddr: '10.9.0.8' }),
    ];
    for (const request of said)
      expect(exchange(request, given('ack'), { from }).result).toEqual({
        kind: 'ignored',
        reason: 'it comes from another network, and over no relay',
      });
  });

  it('to ourselves, and is to another of our kind', () => {
    const look = (address: string) => exchange(lookingDiscover({ address, xid: 1 }), given('offer')).result;
    // The other is at another interface of ours on the same network.
    for (const ours of [US, '192.168.77.3'])
      expect(look(ours)).toEqual({ kind: 'ignored', reason: 'it is our own look for other servers' });
    expect(look('192.168.77.2').kind).toBe('leased');
  });

  it('but a client with a long identifier is answered without it', () => {
    const options = [[OPTION.clientId, Buffer.alloc(300, 1)]] as const;
    const { packet, bytes } = sentBy(exchange(leaseRequest('discover', { options }), given('offer')).result);
    expect([packet.options.has(OPTION.clientId), packet.yiaddr, bytes.length <= 548]).toEqual([false, GIVEN, true]);
  });

  it('where a relay says more than goes in', () => {
    const options = [[OPTION.relayAgent, Buffer.alloc(400, 1)]] as const;
    const { result } = exchange(leaseRequest('discover', { options, giaddr: '10.1.0.1' }), given('offer'));
    expect(result).toEqual({
      kind: 'ignored',
      reason: expect.stringMatching(/^the answer cannot be written: /) as string,
    });
  });
});

describe('another server', () => {
  const heard = (packet: DhcpPacket) => {
    const asking = readAsking(bytesOf(packet), NOBODY, DOOR);
    return asking.kind === 'malformed' ? expect.unreachable() : asking.other;
  };
  it('shows by whom its offer takes, and by its own answers', () => {
    expect(heard(leaseRequest('request', { wanted: GIVEN, server: '192.168.77.2' }))).toBe('192.168.77.2');
    expect(heard(leaseRequest('offer', { op: 2, server: '192.168.77.3' }))).toBe('192.168.77.3');
    expect(heard(leaseRequest('request', { wanted: GIVEN, server: US }))).toBeUndefined();
    expect(heard(leaseRequest('offer', { op: 2 }))).toBeUndefined();
  });

  it('is one on purpose where a relay serves both, and its word counts', () => {
    const request = leaseRequest('request', { wanted: GIVEN, server: '192.168.77.2', giaddr: '10.1.0.1' });
    expect(heard(request)).toBeUndefined();
    const silent: LeaseAnswer = { kind: 'silent', reason: 'it takes another' };
    expect(exchange(request, silent, { from: { address: '10.1.0.1', port: 67 } }).result).toMatchObject({
      kind: 'ignored',
      word: { kind: 'asks', relay: '10.1.0.1', address: GIVEN },
    });
  });
});

it('whatever comes, and whatever is known, is an exchange', () => {
  const answers = fc.constantFrom<LeaseAnswer>(
    given('offer'),
    given('ack'),
    { kind: 'informed', subnet: SUBNET },
    { kind: 'nak', reason: 'no\u0000\u{1f600}' },
    { kind: 'noted' },
    { kind: 'silent', reason: 'none' },
  );
  const from = fc.record({ address: fc.constantFrom('0.0.0.0', GIVEN, '10.1.0.9'), port: fc.constantFrom(67, 68) });
  const kinds = new Set<string>();
  fc.assert(
    fc.property(anyDatagram, answers, from, (bytes, answer, peer) => {
      const { result } = exchange(bytes, answer, { from: peer });
      kinds.add(result.kind);
      if (result.kind === 'leased' || result.kind === 'answered') {
        expect(result.bytes.length).toBeGreaterThanOrEqual(300);
        expect(packetOf(result.bytes).op).toBe(2);
      }
    }),
    { numRuns: 2_000 },
  );
  expect([...kinds].toSorted()).toEqual(['answered', 'ignored', 'leased', 'malformed', 'noted', 'unanswered']);
});
