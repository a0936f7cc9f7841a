import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import { type DhcpPacket, decodePacket } from '../../src/dhcp/packet.js';
import { readClient } from '../../src/pxe/client.js';
import { linkOf, readQuestion } from '../../src/pxe/lease-question.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { leaseRequest, subnetAt } from '../fixtures/lease-packets.js';
import { anyDatagram, pxeRequest } from '../fixtures/pxe.js';

const US = '192.168.77.1';
const DOOR = { address: US, link: linkOf({ address: US, subnets: [subnetAt('192.168.77.0/24')] }) };
const MAC = '52:54:00:77:00:01';
const FROM = '192.168.77.9';
const WANTED = '192.168.77.50';

const read = (request: DhcpPacket) => readQuestion(request, readClient(request), DOOR, FROM);
function asked(request: DhcpPacket) {
  const question = read(request);
  return question.kind === 'asks' ? question : expect.unreachable(question.reason);
}
const askOf = (request: DhcpPacket) => {
  const { client: _client, link: _link, via: _via, ...question } = asked(request).ask;
  return question;
};

describe('what is asked', () => {
  it.each<[string, DhcpPacket, object]>([
    ['a DISCOVER', leaseRequest('discover'), { kind: 'discover' }],
    ['one with a wish', leaseRequest('discover', { wanted: WANTED }), { kind: 'discover', wanted: WANTED }],
    ['one with a wish that is none', leaseRequest('discover', { wanted: '0.0.0.0' }), { kind: 'discover' }],
    [
      'a REQUEST of our offer',
      leaseRequest('request', { wanted: WANTED, server: US }),
      { kind: 'select', address: WANTED, isOurs: true },
    ],
    [
      'a REQUEST of another’s',
      leaseRequest('request', { wanted: WANTED, server: '192.168.77.2' }),
      { kind: 'select', address: WANTED, isOurs: false },
    ],
    ['a REQUEST of who starts anew', leaseRequest('request', { wanted: WANTED }), { kind: 'reboot', address: WANTED }],
    ['a REQUEST of who has it', leaseRequest('request', { ciaddr: WANTED }), { kind: 'extend', address: WANTED }],
    [
      'one that repeats itself',
      leaseRequest('request', { ciaddr: WANTED, wanted: WANTED, server: US }),
      { kind: 'extend', address: WANTED },
    ],
    ['a DECLINE', leaseRequest('decline', { wanted: WANTED, server: US }), { kind: 'decline', address: WANTED }],
    ['a RELEASE', leaseRequest('release', { ciaddr: WANTED, server: US }), { kind: 'release', address: WANTED }],
    ['an INFORM', leaseRequest('inform', { ciaddr: WANTED }), { kind: 'inform', address: WANTED }],
    ['one of nobody', leaseRequest('inform', { ciaddr: WANTED, hlen: 0 }), { kind: 'inform', address: WANTED }],
  ])('%s', (_, request, question) => expect(askOf(request)).toEqual(question));

  it('is what real clients ask', () => {
    expect(askOf(packetOf(DHCP_PACKETS.udhcpcDiscover))).toMatchObject({ kind: 'discover' });
    expect(askOf(packetOf(DHCP_PACKETS.udhcpcRequest))).toMatchObject({ kind: 'select' });
    expect(askOf(packetOf(DHCP_PACKETS.ovmfPxeRequest))).toEqual({
      kind: 'select',
      address: '192.168.77.199',
      isOurs: true,
    });
  });

  it('names the other server, and no other', () => {
    expect(asked(leaseRequest('request', { wanted: WANTED, server: '192.168.77.2' })).other).toBe('192.168.77.2');
    expect(asked(leaseRequest('request', { wanted: WANTED, server: US })).other).toBeUndefined();
  });
});

describe('nothing is asked', () => {
  const odd = (type: number) => pxeRequest({ type });
  it.each<[string, DhcpPacket, string]>([
    ['by an answer', leaseRequest('offer', { op: 2 }), 'it is an answer'],
    ['in a circle', leaseRequest('discover', { hops: 17 }), 'it came over 17 relays'],
    ['by BOOTP', { ...leaseRequest('discover'), options: new Map() }, 'it is of BOOTP'],
    ...[2, 5, 6, 9, 10, 13].map((type): [string, DhcpPacket, string] => [
      `by the type ${type}`,
      odd(type),
      `its message type ${type} is none that a client asks for an address with`,
    ]),
    ['of no address', leaseRequest('request'), 'it is a REQUEST that says no address'],
    ['of no address but a server', leaseRequest('request', { server: US }), 'it is a REQUEST that says no address'],
    [
      'of us by who renews',
      leaseRequest('request', { ciaddr: WANTED, server: '192.168.77.2' }),
      'it is for the server 192.168.77.2',
    ],
    [
      'of us by who declines',
      leaseRequest('decline', { wanted: WANTED, server: '192.168.77.2' }),
      'it is for the server 192.168.77.2',
    ],
    [
      'of anybody by who declines',
      leaseRequest('decline', { wanted: WANTED }),
      'it does not say which server it is for',
    ],
    ['by a DECLINE of nothing', leaseRequest('decline', { server: US }), 'it says no address that it declines'],
    ['by a RELEASE of nothing', leaseRequest('release', { server: US }), 'it says no address that it gives back'],
    ['by an INFORM of nothing', leaseRequest('inform'), 'it says no address that it has'],
    [
      'by an INFORM of everybody',
      leaseRequest('inform', { ciaddr: '255.255.255.255' }),
      'it says no address that it has',
    ],
  ])('%s', (_, request, reason) => expect(read(request)).toEqual({ kind: 'ignored', reason }));
});

describe('who asks', () => {
  const withOption = (code: number, value: Buffer) => leaseRequest('discover', { options: [[code, value]] });

  it('is told by all that it says of itself', () => {
    const { client } = asked(packetOf(DHCP_PACKETS.ipxeBiosDiscover)).ask;
    expect(client).toEqual({
      mac: MAC,
      clientId: '01525400770001',
      uuid: '77000001-1ab0-4c0d-8e0f-000000000001',
    });
    expect(asked(withOption(OPTION.hostName, Buffer.from('node-01\0'))).ask.client).toEqual({
      mac: MAC,
      hostname: 'node-01',
    });
  });

  it.each([
    [1, undefined],
    [2, 4],
    [135, 270],
    [136, undefined],
    [255, undefined],
  ])('has an identifier of %i bytes as %s digits', (bytes, digits) => {
    const { client } = asked(withOption(OPTION.clientId, Buffer.alloc(bytes, 7))).ask;
    expect(client.clientId?.length).toBe(digits);
  });

  it('has a name of some length', () =>
    expect(asked(withOption(OPTION.hostName, Buffer.alloc(255, 0x78))).ask.client.hostname).toHaveLength(253));

  it('may have no hardware address (RFC 4390)', () => {
    const request = leaseRequest('discover', {
      ...{ htype: 32, hlen: 0 },
      options: [[OPTION.clientId, Buffer.from('ff00112233', 'hex')]],
    });
    expect(asked(request).ask.client).toEqual({ clientId: 'ff00112233' });
  });
});

describe('where it is', () => {
  const relayed = (options: readonly (readonly [number, Buffer])[] = [], more = {}) =>
    leaseRequest('discover', { giaddr: '10.1.0.1', options, ...more });
  const agent = (hex: string) => [OPTION.relayAgent, Buffer.from(hex, 'hex')] as const;
  const selection = [OPTION.subnetSelection, Buffer.of(10, 3, 0, 0)] as const;

  it.each<[string, DhcpPacket, readonly string[]]>([
    ['here', leaseRequest('discover'), [US, '192.168.77.0']],
    ['behind a relay', relayed(), ['10.1.0.1']],
    ['where the relay says', relayed([agent('05040a020000'), selection]), ['10.2.0.0']],
    ['where the request says that came over a relay', relayed([selection]), ['10.3.0.0']],
    ['behind a relay that says nothing', relayed([agent('050400000000')]), ['10.1.0.1']],
    ['where its address is', leaseRequest('request', { ciaddr: '10.9.0.7' }), ['10.9.0.7']],
    ['behind a relay, whatever its address', relayed([], { ciaddr: '10.9.0.7' }), ['10.1.0.1']],
    [
      'here, whatever a client says that is no relay',
      leaseRequest('discover', { options: [agent('05040a020000'), selection] }),
      [US, '192.168.77.0'],
    ],
    [
      'where its address is, of who wants nothing else',
      leaseRequest('inform', { giaddr: '10.1.0.1', ciaddr: '10.9.0.7' }),
      ['10.9.0.7'],
    ],
    ['here, where the relay can be none', leaseRequest('discover', { giaddr: '239.0.0.1' }), [US, '192.168.77.0']],
  ])('%s', (_, request, link) => expect(asked(request).ask.link).toEqual(link));

  it('may be where a relay stands for us', () => {
    const options = [agent('0b040a010001')];
    const select = (server: string, giaddr: string) =>
      asked(leaseRequest('request', { wanted: WANTED, server, giaddr, options }));
    expect(select('10.1.0.1', '10.1.0.1')).toMatchObject({ ask: { isOurs: true }, serverId: '10.1.0.1' });
    expect(select(US, '10.1.0.1')).toMatchObject({ ask: { isOurs: false } });
    expect(select(US, '0.0.0.0')).toMatchObject({ ask: { isOurs: true }, serverId: US });
  });
});

it('whatever comes is a question, or none', () => {
  fc.assert(
    fc.property(anyDatagram, (bytes) => {
      const decoded = decodePacket(bytes);
      if (decoded.kind === 'malformed') return;
      const question = read(decoded.packet);
      if (question.kind === 'ignored') expect(question.reason).toMatch(/^[\x20-\x7e]+$/);
    }),
  );
});
