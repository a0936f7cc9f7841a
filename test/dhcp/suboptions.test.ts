import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DhcpCodecError } from '../../src/dhcp/codec-error.js';
import { OPTION } from '../../src/dhcp/option-code.js';
import { readSuboptions, writeSuboptions } from '../../src/dhcp/suboptions.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';

const read = (digits: string) =>
  Object.fromEntries(
    [...readSuboptions(Buffer.from(digits.replaceAll(' ', ''), 'hex'))].map(([code, value]) => [
      code,
      value.toString('hex'),
    ]),
  );

describe('readSuboptions', () => {
  it.each([
    ['what PXE clients are told', '060108 ff', { 6: '08' }],
    ['what relays say', '0104000a0102 0206aabbccddeeff', { 1: '000a0102', 2: 'aabbccddeeff' }],
    ['nothing', '', {}],
    ['nothing behind END', '060108 ff 470400000000', { 6: '08' }],
    ['PAD', '00 060108 00 00', { 6: '08' }],
    ['what has no value', '0600 0101 61', { 6: '', 1: '61' }],
    ['the first of two', '060108 060107', { 6: '08' }],
    ['no code without a length', '060108 47', { 6: '08' }],
    ['nothing that is cut off', '060108 4704 0000', { 6: '08' }],
    ['nothing that has only a length', '060108 4701', { 6: '08' }],
  ])('reads %s', (_, sent, suboptions) => expect(read(sent)).toEqual(suboptions));

  it('reads what iPXE says of itself', () => {
    const ipxe = packetOf(DHCP_PACKETS.ipxeAmd64Discover).options.get(OPTION.ipxe) ?? Buffer.alloc(0);
    const features = readSuboptions(ipxe);
    expect(features.get(0xb1)).toEqual(Buffer.from('011af41000', 'hex'));
    expect(features.get(0xeb)).toEqual(Buffer.of(1, 0, 0));
    // HTTP, HTTPS and EFI; not the PXE of a BIOS.
    expect([0x13, 0x14, 0x24, 0x21].map((code) => features.get(code)?.[0])).toEqual([1, 1, 1, undefined]);
    const without = packetOf(DHCP_PACKETS.ipxeBios2019Discover).options.get(OPTION.ipxe) ?? Buffer.alloc(0);
    expect([0x13, 0x14, 0x24, 0x21].map((code) => readSuboptions(without).has(code))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('answers something for anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
        const found = [...readSuboptions(Buffer.from(any)).values()];
        expect(found.reduce((sum, { length }) => sum + 2 + length, 0)).toBeLessThanOrEqual(any.length);
      }),
    );
  });
});

describe('writeSuboptions', () => {
  const one = (code: number, length = 1) => new Map([[code, Buffer.alloc(length, 8)]]);

  it('ends where an end is wanted', () => {
    expect(writeSuboptions(one(6), { hasEnd: true }).toString('hex')).toBe('060108ff');
    expect(writeSuboptions(one(0xb0)).toString('hex')).toBe('b00108');
    expect(writeSuboptions(new Map(), { hasEnd: true }).toString('hex')).toBe('ff');
    expect(writeSuboptions(new Map())).toHaveLength(0);
  });

  it('writes what is read', () => {
    const value = fc.uint8Array({ maxLength: 255 }).map((any) => Buffer.from(any));
    const all = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 254 }), value), { selector: ([code]) => code });
    fc.assert(
      fc.property(all, fc.boolean(), (suboptions, hasEnd) => {
        const written = writeSuboptions(new Map(suboptions), { hasEnd });
        expect([...readSuboptions(written)]).toEqual(suboptions);
      }),
    );
  });

  it('refuses what has no place', () => {
    for (const code of [0, 255, 256, -1, 1.5]) expect(() => writeSuboptions(one(code))).toThrow(DhcpCodecError);
    expect(() => writeSuboptions(one(6, 256))).toThrow('sub-option 6 has 256 bytes, and can have 255');
    expect(writeSuboptions(one(6, 255))).toHaveLength(257);
  });
});
