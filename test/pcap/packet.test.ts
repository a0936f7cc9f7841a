import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { httpLine } from '../../src/pcap/http-line.js';
import { PacketReader } from '../../src/pcap/packet.js';
import { type Ends, ethernet, ip4Packet, tcpFrame, udpFrame, udpSegment } from '../fixtures/captures.js';

const ENDS: Ends = { from: ['192.168.77.1', 67], to: ['192.168.77.199', 68] };
const PEERS = { from: { address: '192.168.77.1', port: 67 }, to: { address: '192.168.77.199', port: 68 } };
const HELLO = Buffer.from('hello');
const UDP = { kind: 'udp', ...PEERS, payload: HELLO, missing: 0 };

const read = (bytes: Buffer, link = 1) => new PacketReader().read({ bytes, link });
const packet = ip4Packet(ENDS, 17, udpSegment(ENDS, HELLO));
/** Cooked, as of `tcpdump -i any` (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2). */
const sll = Buffer.concat([Buffer.alloc(14), Buffer.of(8, 0), packet]);
const sll2 = Buffer.concat([Buffer.of(8, 0), Buffer.alloc(18), packet]);

describe('a datagram', () => {
  it.each([
    ['on Ethernet', ethernet(packet), 1],
    ['with what a short frame is padded by', Buffer.concat([ethernet(packet), Buffer.alloc(20, 1)]), 1],
    ['in a VLAN', ethernet(packet, 0x0800, [10]), 1],
    ['in a VLAN of another', ethernet(packet, 0x0800, [20, 10]), 1],
    ['of any interface', sll, 113],
    ['of any interface, the newer form', sll2, 276],
    ['as IP alone', packet, 101],
    ['of loopback on BSD', Buffer.concat([Buffer.of(2, 0, 0, 0), packet]), 0],
  ])('is read %s', (_, bytes, link) => expect(read(bytes, link)).toEqual(UDP));

  it('is read as far as the capture has it', () => {
    expect(read(ethernet(packet).subarray(0, -2))).toEqual({ ...UDP, payload: Buffer.from('hel'), missing: 2 });
  });

  it('is put together from fragments, in any order', () => {
    const segment = udpSegment(ENDS, Buffer.alloc(3_000, 9));
    const pieces = [0, 1_480, 2_960].map((offset) =>
      ethernet(
        ip4Packet(ENDS, 17, segment.subarray(offset, offset + 1_480), { offset, hasMore: offset < 2_960, id: 7 }),
      ),
    );
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 1, 2, 0],
    ]) {
      const reader = new PacketReader();
      const packets = order.map((index) => reader.read({ bytes: pieces[index] ?? HELLO, link: 1 }));
      expect(packets.at(-1)).toMatchObject({ kind: 'udp', payload: Buffer.alloc(3_000, 9) });
      expect([packets.slice(0, -1).every(({ kind }) => kind === 'other'), reader.lostFragments]).toEqual([true, 0]);
    }
  });

  it('of whose fragments one is missing is counted, and no more are kept than fit', () => {
    const reader = new PacketReader();
    for (let id = 0; id < 1_000; id += 1)
      reader.read({ bytes: ethernet(ip4Packet(ENDS, 17, Buffer.alloc(16), { hasMore: true, id })), link: 1 });
    expect(reader.lostFragments).toBe(1_000);
  });
});

it('tells what is of TCP, and who cannot be reached', () => {
  expect(read(tcpFrame(ENDS, 'x', 0x12))).toMatchObject({
    kind: 'tcp',
    ...PEERS,
    flags: { syn: true, ack: true, rst: false },
  });
  const back: Ends = { from: ['192.168.77.199', 0], to: ['192.168.77.1', 0] };
  const icmp = Buffer.concat([Buffer.of(3, 3, 0, 0, 0, 0, 0, 0), packet.subarray(0, 28)]);
  expect(read(ethernet(ip4Packet(back, 1, icmp)))).toMatchObject({
    kind: 'unreachable',
    ...PEERS,
    by: '192.168.77.199',
    code: 3,
  });
});

it('says why nothing is said of the rest', () => {
  const why = [read(Buffer.alloc(60), 147), read(ethernet(HELLO, 0x86dd)), read(ethernet(HELLO, 0x0806)), read(HELLO)];
  expect(why).toEqual(['link', 'ip6', 'other', 'other'].map((one) => ({ kind: 'other', why: one })));
});

it('never throws, whatever a frame is', () => {
  const links = fc.constantFrom(0, 1, 12, 101, 113, 228, 276, 999);
  const spoiled = fc.tuple(fc.nat(60), fc.nat(255));
  const reader = new PacketReader();
  fc.assert(
    fc.property(links, fc.uint8Array({ maxLength: 80 }), fc.array(spoiled, { maxLength: 6 }), (link, any, changes) => {
      const bytes = Buffer.from(udpFrame(ENDS, HELLO));
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      expect(typeof reader.read({ link, bytes: Buffer.from(any) }).kind).toBe('string');
      expect(typeof reader.read({ link: 1, bytes }).kind).toBe('string');
    }),
  );
});

it.each([
  [
    'GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nUser-Agent: iPXE/1.21\r\n\r\n',
    { kind: 'request', method: 'GET', target: '/boot.ipxe', agent: 'iPXE/1.21' },
  ],
  ['HTTP/1.1 206 Partial Content\r\nContent-Length: 12\r\n\r\nabc', { kind: 'status', status: 206, bytes: 12 }],
  ['HTTP/1.0 404 Not Found\r\n\r\n', { kind: 'status', status: 404 }],
  ['GETTING /x HTTP/1.1\r\n', undefined],
  ['\x1f\x8b\x08', undefined],
  ['', undefined],
])('reads %j as a line of HTTP', (text, line) => expect(httpLine(Buffer.from(text, 'latin1'))).toEqual(line));
