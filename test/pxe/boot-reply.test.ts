import { describe, expect, it } from 'vitest';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { maxPayloadBytes } from '../../src/dhcp/option-values.js';
import { type DhcpPacket, encodePacket } from '../../src/dhcp/packet.js';
import type { Told } from '../../src/pxe/boot-options.js';
import { bootReply, DROPPABLE, type ReplyInput } from '../../src/pxe/boot-reply.js';
import { readClient } from '../../src/pxe/client.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { pxeRequest } from '../fixtures/pxe.js';

const ADDRESS = '192.168.77.1';
const LOADER: Told = { kind: 'loader', file: 'snponly.efi' };
const SCRIPT: Told = { kind: 'script', url: 'http://192.168.77.1:8080/boot.ipxe' };
const URL: Told = { kind: 'url', url: 'http://192.168.77.1:8080/uefi/amd64/-/-/boot.efi' };

function reply(request: DhcpPacket, told: Told = LOADER, more: Partial<ReplyInput> = {}) {
  const client = readClient(request);
  return bootReply({ request, client, told, step: 'offer', address: ADDRESS, serverId: ADDRESS, ...more });
}

const hexOf = ({ options }: DhcpPacket, code: number) => options.get(code)?.toString('hex');
const textOf = ({ options }: DhcpPacket, code: number) => options.get(code)?.toString('latin1');
const written = (packet: DhcpPacket, maxBytes = 548) => encodePacket(packet, { maxBytes, droppable: DROPPABLE });
/** The codes of a reply's options as they are written. */
const codesOf = (bytes: Buffer) => [...packetOf(bytes).options.keys()];

const OVMF = packetOf(DHCP_PACKETS.ovmfPxeDiscover);
const OVMF_4011 = packetOf(DHCP_PACKETS.ovmfPxeBootServerRequest);
const OVMF_HTTP = packetOf(DHCP_PACKETS.ovmfHttpDiscover);
const IPXE = packetOf(DHCP_PACKETS.ipxeAmd64ProxyDiscover);
const BIOS = pxeRequest({ architectures: [0], vendorClass: 'PXEClient:Arch:00000:UNDI:002001' });

describe('the header', () => {
  it('says how to boot, gives no address, and is the request’s else', () => {
    const { options: _, ...header } = reply({ ...OVMF, hops: 3, secs: 9 });
    expect(header).toEqual({
      ...{ op: 2, htype: 1, hlen: 6, hops: 0, xid: OVMF.xid, secs: 0, flags: 0x8000 },
      ...{ ciaddr: '0.0.0.0', yiaddr: '0.0.0.0', siaddr: ADDRESS, giaddr: '0.0.0.0', chaddr: OVMF.chaddr },
      ...{ sname: ADDRESS, file: 'snponly.efi' },
    });
  });

  it('has all sixteen bytes of an odd hardware address', () => {
    const chaddr = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    const answer = reply(pxeRequest({ htype: 32, hlen: 16, chaddr }));
    expect([answer.htype, answer.hlen, answer.chaddr]).toEqual([32, 16, chaddr]);
  });

  it('wants an offer broadcast, unless a relay sends it on as it was asked for', () => {
    expect(reply(BIOS).flags).toBe(0x8000);
    expect(reply({ ...BIOS, flags: 1 }).flags).toBe(0x8001);
    for (const flags of [0, 0x8000]) {
      const relayed = reply({ ...BIOS, giaddr: '10.1.0.1', flags });
      expect([relayed.flags, relayed.giaddr]).toEqual([flags, '10.1.0.1']);
      expect(reply({ ...BIOS, flags, ciaddr: '10.1.0.9' }, LOADER, { step: 'ack' }).flags).toBe(flags);
    }
  });

  it('has the machine’s address at the boot server’s port alone', () => {
    expect(reply(OVMF_4011, LOADER, { step: 'ack' }).ciaddr).toBe('192.168.77.199');
    expect(reply(OVMF_4011, LOADER, { step: 'offer' }).ciaddr).toBe('0.0.0.0');
  });
});

describe('the file', () => {
  it.each<[string, DhcpPacket, Told, string]>([
    ['a loader, with the NUL that some ROMs want', OVMF, LOADER, 'snponly.efi\0'],
    ['a script, as it is', IPXE, SCRIPT, 'http://192.168.77.1:8080/boot.ipxe'],
    ['a URL of HTTP Boot, as it is', OVMF_HTTP, URL, 'http://192.168.77.1:8080/uefi/amd64/-/-/boot.efi'],
    ['a loader for an iPXE', IPXE, LOADER, 'snponly.efi\0'],
  ])('is named in the field and in option 67: %s', (_, request, told, option) => {
    const answer = reply(request, told);
    expect([answer.file, textOf(answer, OPTION.bootFileName)]).toEqual([option.replace('\0', ''), option]);
    expect(textOf(answer, OPTION.tftpServerName)).toBe(ADDRESS);
  });

  it.each([
    [127, 127],
    [128, 0],
  ])('of %i bytes has %i of them in the field', (length, inField) => {
    const url = `http://192.168.77.1/`.padEnd(length, 'x');
    const answer = reply(IPXE, { kind: 'script', url });
    expect([answer.file.length, textOf(answer, OPTION.bootFileName)]).toEqual([inField, url]);
    expect(packetOf(written(answer))).toMatchObject({ file: inField === 0 ? '' : url, sname: ADDRESS });
  });

  it('is all that U-Boot reads, with the server’s address', () => {
    const answer = written(reply(pxeRequest({ vendorClass: 'U-Boot.armv8', architectures: [22] })));
    expect(answer.toString('latin1', 108, 108 + 12)).toBe('snponly.efi\0');
    expect([...answer.subarray(20, 24)]).toEqual([192, 168, 77, 1]);
    // Neither field holds options.
    expect(codesOf(answer)).not.toContain(52);
  });
});

describe('the options', () => {
  it('are an offer’s and an acknowledgement’s', () => {
    expect(hexOf(reply(OVMF), OPTION.messageType)).toBe('02');
    expect(hexOf(reply(OVMF_4011, LOADER, { step: 'ack' }), OPTION.messageType)).toBe('05');
  });

  it('name the server that stands for us, and where the file is all the same', () => {
    const answer = reply(OVMF, LOADER, { serverId: '10.9.9.9' });
    expect(hexOf(answer, OPTION.serverId)).toBe('0a090909');
    expect([answer.siaddr, answer.sname, textOf(answer, OPTION.tftpServerName)]).toEqual([ADDRESS, ADDRESS, ADDRESS]);
  });

  it.each<[string, DhcpPacket, Told, string]>([
    ['PXE', OVMF, LOADER, 'PXEClient'],
    ['iPXE', IPXE, SCRIPT, 'PXEClient'],
    ['U-Boot', pxeRequest({ vendorClass: 'U-Boot', architectures: [22] }), LOADER, 'PXEClient'],
    ['HTTP Boot', OVMF_HTTP, URL, 'HTTPClient'],
  ])('have the class by which %s knows its answer', (_, request, told, text) =>
    expect(textOf(reply(request, told), OPTION.vendorClass)).toBe(text),
  );

  it('have what the client said of itself, as it said it', () => {
    const answer = reply(IPXE, SCRIPT);
    for (const code of [OPTION.clientUuid, OPTION.clientId])
      expect([code, hexOf(answer, code)]).toEqual([code, hexOf(IPXE, code)]);
    expect(hexOf(answer, OPTION.clientId)).toBe('01525400770001');
    const odd = pxeRequest({ options: [[OPTION.clientUuid, Buffer.from('00112233', 'hex')]] });
    expect(hexOf(reply(odd), OPTION.clientUuid)).toBe('00112233');
    expect(reply(OVMF).options.has(OPTION.clientId)).toBe(false);
  });

  it('are no others, and none of a lease', () => {
    const codes = [53, 54, 60, 97, 66, 67];
    expect(codesOf(written(reply(OVMF)))).toEqual(codes);
    expect(codesOf(written(reply(OVMF_HTTP, URL)))).toEqual(codes);
    expect(codesOf(written(reply(IPXE, SCRIPT)))).toEqual([53, 54, 60, 97, 61, 66, 175, 67]);
    expect(codesOf(written(reply(BIOS)))).toEqual([53, 54, 60, 43, 66, 67]);
  });
});

describe('option 43', () => {
  /** A boot item, as iPXE and EDK2 ask for one; before and behind it is what may be there. */
  const item = Buffer.from('00 060100 4704 80010203 ff'.replaceAll(' ', ''), 'hex');
  const choosing = (request: DhcpPacket) => ({
    ...request,
    options: new Map([...request.options, [OPTION.vendorSpecific, item] as const]),
  });

  it.each<[string, DhcpPacket, Told, string | undefined]>([
    ['a BIOS ROM loads the file without discovery', BIOS, LOADER, '060108ff'],
    ['UEFI has none, since many ignore an offer with one', OVMF, LOADER, undefined],
    ['HTTP Boot has none', OVMF_HTTP, URL, undefined],
    ['iPXE has none', packetOf(DHCP_PACKETS.ipxeBiosDiscover), SCRIPT, undefined],
  ])('%s', (_, request, told, value) => {
    for (const step of ['offer', 'ack'] as const)
      expect([step, hexOf(reply(request, told, { step }), OPTION.vendorSpecific)]).toEqual([step, value]);
  });

  it('has the item that was asked for at the boot server’s port, and there alone', () => {
    const asked = (request: DhcpPacket, step: ReplyInput['step']) =>
      hexOf(reply(choosing(request), LOADER, { step }), OPTION.vendorSpecific);
    expect(asked(OVMF_4011, 'ack')).toBe('470480010203ff');
    expect(asked(BIOS, 'ack')).toBe('060108470480010203ff');
    expect([asked(OVMF, 'offer'), asked(BIOS, 'offer')]).toEqual([undefined, '060108ff']);
  });

  it('is not made of what was asked in ruins', () => {
    for (const hex of ['', '47', '4704', '470480', 'ff470480010203']) {
      const asked = { ...OVMF_4011, options: new Map([...OVMF_4011.options, [43, Buffer.from(hex, 'hex')] as const]) };
      expect([hex, hexOf(reply(asked, LOADER, { step: 'ack' }), OPTION.vendorSpecific)]).toEqual([hex, undefined]);
    }
  });
});

describe('as it is written', () => {
  const RELAY = Buffer.from('0106000400010002020800060011223344550c0401020304', 'hex');
  const relayed = pxeRequest({
    giaddr: '10.1.0.1',
    architectures: [7],
    options: [
      [OPTION.relayAgent, RELAY],
      [OPTION.clientId, Buffer.from('0152540077000001', 'hex')],
    ],
  });

  it('has the relay’s option byte for byte, last, and the file before it', () => {
    const bytes = written(reply(relayed));
    expect(codesOf(bytes).slice(-2)).toEqual([OPTION.bootFileName, OPTION.relayAgent]);
    const tail = Buffer.concat([Buffer.of(82, RELAY.length), RELAY, Buffer.of(255)]);
    const end = bytes.lastIndexOf(255);
    expect(bytes.subarray(end + 1 - tail.length, end + 1)).toEqual(tail);
  });

  it('has 300 bytes at least', () => {
    const small = written(reply(pxeRequest({ architectures: [7] }), { kind: 'loader', file: 'x' }));
    expect(small).toHaveLength(300);
    expect(small.subarray(small.lastIndexOf(255) + 1).every((byte) => byte === 0)).toBe(true);
  });

  it('leaves 66 out before everything else where the client takes no more', () => {
    // In the header it is anyway.
    const url = `http://192.168.77.1/${'x'.repeat(180)}`;
    const asked = (bytes: number) =>
      pxeRequest({
        options: [
          [OPTION.maxMessageSize, Buffer.of(bytes >> 8, bytes & 0xff)],
          [OPTION.clientId, Buffer.alloc(75, 1)],
          [OPTION.userClass, Buffer.from('iPXE')],
        ],
      });
    const [small, large] = [asked(576), asked(1_500)].map((request) => {
      const maxBytes = maxPayloadBytes(request.options.get(OPTION.maxMessageSize));
      return written(reply(request, { kind: 'script', url }), maxBytes);
    });
    if (small === undefined || large === undefined) return expect.unreachable();
    expect(codesOf(large)).toContain(OPTION.tftpServerName);
    expect(large.length).toBeGreaterThan(548);
    expect(codesOf(small)).not.toContain(OPTION.tftpServerName);
    expect(small.length).toBeLessThanOrEqual(548);
    expect(packetOf(small)).toMatchObject({ sname: ADDRESS, siaddr: ADDRESS });
    expect(textOf(packetOf(small), OPTION.bootFileName)).toBe(url);
  });

  it('does not come from the options of a request with those of an answer', () => {
    const forged = pxeRequest({
      type: MESSAGE.discover,
      architectures: [7],
      options: [
        [OPTION.serverId, Buffer.of(6, 6, 6, 6)],
        [OPTION.bootFileName, Buffer.from('evil.efi')],
        [OPTION.leaseTime, Buffer.of(0, 0, 0, 1)],
      ],
    });
    const bytes = written(reply(forged));
    expect(bytes.includes('evil.efi')).toBe(false);
    expect(codesOf(bytes)).toEqual([53, 54, 60, 66, 67]);
  });
});
