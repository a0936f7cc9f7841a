import { describe, expect, it } from 'vitest';
import { bootDiscover, joinedAnswerer, LOOKED_AS, readAnswerer } from '../../src/dhcp/boot-look.js';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { clientArchitectures, clientUuid, writeIp4s } from '../../src/dhcp/option-values.js';
import { lookingCard } from '../../src/dhcp/other-servers.js';
import { type DhcpPacket, encodePacket } from '../../src/dhcp/packet.js';
import { readClient } from '../../src/pxe/client.js';
import { dhcpPacket, packetOf } from '../fixtures/dhcp.js';

const LOOK = { address: '192.168.77.1', xid: 0x01020304, ours: ['10.1.0.1'] };
const FROM = '192.168.77.2';
const PXE = [OPTION.vendorClass, Buffer.from('PXEClient')] as const;

function offer(
  more: Partial<DhcpPacket> = {},
  options: readonly (readonly [number, Buffer])[] = [],
  server = FROM,
): Buffer {
  const packet = dhcpPacket({
    ...{ op: 2, xid: LOOK.xid, chaddr: lookingCard(LOOK.address) },
    options: new Map([
      [OPTION.messageType, Buffer.of(MESSAGE.offer)],
      [OPTION.serverId, writeIp4s(server)],
      ...options,
    ]),
    ...more,
  });
  return encodePacket(packet, { maxBytes: 548 });
}

const heard = (bytes: Buffer) => readAnswerer(bytes, FROM, LOOK);

it('asks as firmware does, of a BIOS and of UEFI, by the card of whoever looks', () => {
  const asked = LOOKED_AS.map((one) => packetOf(encodePacket(bootDiscover(LOOK, one), { maxBytes: 548 })));
  expect(asked.map(({ options }) => clientArchitectures(options.get(OPTION.clientArchitecture)))).toEqual([[0], [7]]);
  expect(asked.map((one) => readClient(one).kind)).toEqual(['pxe', 'pxe']);
  for (const { chaddr, flags, options } of asked) {
    expect([chaddr.equals(lookingCard(LOOK.address)), flags]).toEqual([true, 0x8000]);
    expect(clientUuid(options.get(OPTION.clientUuid))).toMatch(/^[\da-f-]{36}$/);
  }
});

describe('of what is answered', () => {
  it.each<[string, Buffer, object]>([
    ['an address alone', offer({ yiaddr: '192.168.77.100' }), { server: FROM, from: FROM, address: '192.168.77.100' }],
    [
      'a file and who has it',
      offer({ yiaddr: '192.168.77.100', siaddr: '192.168.77.9', file: 'pxelinux.0' }),
      {
        server: FROM,
        from: FROM,
        address: '192.168.77.100',
        boot: { file: 'pxelinux.0', from: '192.168.77.9' },
      },
    ],
    [
      'both by options',
      offer({}, [
        [OPTION.tftpServerName, Buffer.from('boot.lab')],
        [OPTION.bootFileName, Buffer.from('ipxe.efi\0')],
      ]),
      { server: FROM, from: FROM, boot: { file: 'ipxe.efi', from: 'boot.lab' } },
    ],
    ['a proxy that is to be asked for the file', offer({}, [PXE]), { server: FROM, from: FROM, boot: {} }],
  ])('it reads %s', (_, bytes, wanted) => expect(heard(bytes)).toEqual(wanted));

  it.each<[string, Buffer]>([
    ['ourselves', offer({}, [PXE], LOOK.address)],
    ['ourselves, at another interface', offer({}, [PXE], '10.1.0.1')],
    ['an answer to somebody else', offer({ chaddr: Buffer.alloc(16, 1) }, [PXE])],
    ['an answer to another question', offer({ xid: 1 }, [PXE])],
    ['ruins', offer({}, [PXE]).subarray(0, 200)],
  ])('it leaves out %s', (_, bytes) => expect(heard(bytes)).toBeUndefined());

  it('takes several of one server for one', () => {
    const [plain, named] = [heard(offer({ yiaddr: '192.168.77.100' })), heard(offer({ file: 'a' }, [PXE]))];
    if (plain === undefined || named === undefined) return expect.unreachable();
    const whole = { server: FROM, from: FROM, address: '192.168.77.100', boot: { file: 'a' } };
    expect([joinedAnswerer(plain, named), joinedAnswerer(named, plain)]).toEqual([whole, whole]);
    expect(joinedAnswerer(undefined, plain)).toEqual(plain);
  });
});
