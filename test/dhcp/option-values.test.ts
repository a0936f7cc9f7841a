import { describe, expect, it } from 'vitest';
import { DhcpCodecError } from '../../src/dhcp/codec-error.js';
import {
  clientArchitectures,
  clientUuid,
  ip4,
  ip4s,
  maxPayloadBytes,
  messageType,
  text,
  u8,
  u32,
  userClasses,
  writeIp4s,
  writeSubnetMask,
  writeU16,
  writeU32,
} from '../../src/dhcp/option-values.js';

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const latin1 = (characters: string) => Buffer.from(characters, 'latin1');

describe('numbers and addresses', () => {
  it('have the width of their format, or are none', () => {
    expect([u8(hex('ff')), u8(hex('')), u8(hex('0101')), u8(undefined)]).toEqual([
      255,
      undefined,
      undefined,
      undefined,
    ]);
    expect([messageType(hex('08')), messageType(hex('0100'))]).toEqual([8, undefined]);
    expect([u32(hex('ffffffff')), u32(hex('000258')), u32(hex('0000025800'))]).toEqual([
      0xffffffff,
      undefined,
      undefined,
    ]);
    expect([ip4(hex('c0a84d01')), ip4(hex('c0a84d')), ip4(hex('c0a84d0100'))]).toEqual([
      '192.168.77.1',
      undefined,
      undefined,
    ]);
  });

  it('are as many in a list as are whole', () => {
    expect(ip4s(hex('ffffffff 00000000 0a0000'))).toEqual(['255.255.255.255', '0.0.0.0']);
    expect(ip4s(undefined)).toEqual([]);
    expect(clientArchitectures(hex('0010 000b 00'))).toEqual([16, 11]);
    expect(clientArchitectures(hex('07'))).toEqual([]);
    expect(clientArchitectures(undefined)).toEqual([]);
  });

  it('are written as they are read', () => {
    expect(ip4s(writeIp4s('10.0.0.1', '255.255.255.0'))).toEqual(['10.0.0.1', '255.255.255.0']);
    expect(writeIp4s()).toHaveLength(0);
    expect(u32(writeU32(0xffffffff))).toBe(0xffffffff);
    for (const wrong of [-1, 2 ** 32, 0.5, Number.NaN]) expect(() => writeU32(wrong)).toThrow(DhcpCodecError);
    for (const wrong of ['10.0.0', '10.0.0.256', '::1', '']) expect(() => writeIp4s(wrong)).toThrow(DhcpCodecError);
  });
});

describe('masks and numbers of 16 bits', () => {
  it.each([
    [0, '00000000'],
    [1, '80000000'],
    [24, 'ffffff00'],
    [25, 'ffffff80'],
    [32, 'ffffffff'],
  ])('a prefix of %i', (length, golden) => expect(writeSubnetMask(length).toString('hex')).toBe(golden));

  it('have no other width', () => {
    expect([writeU16(0), writeU16(1_500), writeU16(0xffff)].map((value) => value.toString('hex'))).toEqual([
      '0000',
      '05dc',
      'ffff',
    ]);
    for (const wrong of [-1, 0x10000, 0.5]) expect(() => writeU16(wrong)).toThrow(DhcpCodecError);
    for (const wrong of [-1, 33, 0.5]) expect(() => writeSubnetMask(wrong)).toThrow(DhcpCodecError);
  });
});

describe('text', () => {
  it.each([
    ['snponly.efi', 'snponly.efi'],
    ['snponly.efi\0', 'snponly.efi'],
    ['node\0\0\0', 'node'],
    ['a\0b\0', 'a b'],
    ['\x1b[2Jno\r\nde', ' [2Jno de'],
    ['caf\xe9', 'caf '],
    ['\0', ''],
    ['', ''],
  ])('%j is %j', (sent, read) => expect(text(latin1(sent))).toBe(read));

  it('is none where none was sent', () => expect(text(undefined)).toBeUndefined());
});

describe('maxPayloadBytes', () => {
  it.each([
    [undefined, 548],
    // udhcpc, iPXE, and EDK2 in what it sends before and after an offer.
    ['0240', 548],
    ['05c0', 1_444],
    ['ff00', 1_472],
    ['05dc', 1_472],
    ['05dd', 1_472],
    ['0241', 549],
    ['023f', 548],
    ['0000', 548],
    ['05', 548],
    ['0005c0', 548],
  ])('%s is %i', (sent, bytes) => expect(maxPayloadBytes(sent === undefined ? sent : hex(sent))).toBe(bytes));
});

describe('userClasses', () => {
  it.each([
    ['iPXE', ['iPXE']],
    ['\x04iPXE', ['iPXE']],
    ['\x04iPXE\x05other', ['iPXE', 'other']],
    ['iPXE\0', ['iPXE']],
    ['\x04iPXE\0', ['iPXE']],
    ['\x05iPXE\0', ['iPXE']],
    // Neither is a list that comes out even.
    ['\x05iPXE', [' iPXE']],
    ['\x03iPXE', [' iPXE']],
    ['\0', []],
    ['', []],
  ])('%j is %j', (sent, classes) => expect(userClasses(latin1(sent))).toEqual(classes));

  it('is none where none was sent', () => expect(userClasses(undefined)).toEqual([]));
});

describe('clientUuid', () => {
  it('turns the first three fields around (RFC 4578, 2.3)', () => {
    expect(clientUuid(hex('00 33221100 5544 7766 8899aabbccddeeff'))).toBe('00112233-4455-6677-8899-aabbccddeeff');
  });

  it.each([
    ['33221100554477668899aabbccddeeff'],
    ['0033221100554477668899aabbccddeeff00'],
    ['0133221100554477668899aabbccddeeff'],
    [''],
  ])('%s is none', (sent) => expect(clientUuid(hex(sent))).toBeUndefined());

  it('is none where none was sent', () => expect(clientUuid(undefined)).toBeUndefined());
});
