import { describe, expect, it } from 'vitest';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { writeIp4s } from '../../src/dhcp/option-values.js';
import { lookingCard, lookingDiscover, readOtherServer } from '../../src/dhcp/other-servers.js';
import { type DhcpPacket, encodePacket } from '../../src/dhcp/packet.js';
import { dhcpPacket, packetOf } from '../fixtures/dhcp.js';

const LOOK = { address: '192.168.77.1', xid: 0x01020304, ours: ['10.1.0.1'] };
const FROM = '192.168.77.2';

function offer(more: Partial<DhcpPacket> = {}, server = FROM): Buffer {
  const packet = dhcpPacket({
    ...{ op: 2, xid: LOOK.xid, yiaddr: '192.168.77.100', chaddr: lookingCard(LOOK.address) },
    options: new Map([
      [OPTION.messageType, Buffer.of(MESSAGE.offer)],
      [OPTION.serverId, writeIp4s(server)],
    ]),
    ...more,
  });
  return encodePacket(packet, { maxBytes: 548 });
}

describe('who looks for other servers', () => {
  it('asks as anybody would, who is nobody, and is answered by a broadcast', () => {
    const { chaddr, ...asked } = packetOf(encodePacket(lookingDiscover(LOOK), { maxBytes: 548 }));
    expect(asked).toMatchObject({ op: 1, htype: 1, hlen: 6, xid: LOOK.xid, flags: 0x8000, giaddr: '0.0.0.0' });
    // Administered locally, and no group's.
    expect(chaddr.subarray(0, 6).toString('hex')).toBe('0262c0a84d01');
    expect(asked.options.get(OPTION.messageType)).toEqual(Buffer.of(MESSAGE.discover));
  });

  it('finds whoever offers an address', () => {
    expect(readOtherServer(offer(), FROM, LOOK)).toEqual({ server: FROM, from: FROM });
    expect(readOtherServer(offer({}, '10.0.0.1'), FROM, LOOK)).toEqual({ server: '10.0.0.1', from: FROM });
  });

  it.each<[string, Buffer]>([
    ['an answer to somebody else', offer({ chaddr: Buffer.alloc(16, 1) })],
    ['an answer to another question', offer({ xid: 1 })],
    ['a question', offer({ op: 1 })],
    ['a proxy', offer({ yiaddr: '0.0.0.0' })],
    ['an ACK', offer({ options: new Map([[OPTION.messageType, Buffer.of(MESSAGE.ack)]]) })],
    ['nobody', offer({ options: new Map([[OPTION.messageType, Buffer.of(MESSAGE.offer)]]) })],
    ['ourselves', offer({}, LOOK.address)],
    ['ourselves, at another interface', offer({}, '10.1.0.1')],
    ['ruins', offer().subarray(0, 200)],
    ['nothing', Buffer.alloc(0)],
  ])('finds no server in %s', (_, bytes) => expect(readOtherServer(bytes, FROM, LOOK)).toBeUndefined());
});
