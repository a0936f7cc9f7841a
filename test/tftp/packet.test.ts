import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePacket, encodeData, encodeError, encodeOack } from '../../src/tftp/packet.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('decodePacket', () => {
  it.each([
    // As EDK2 asks (lab captures), iPXE, and what pads its packets.
    [
      '\0\x01bootx64.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0',
      {
        kind: 'read',
        filename: 'bootx64.efi',
        mode: 'octet',
        options: [
          ['tsize', '0'],
          ['blksize', '1468'],
          ['windowsize', '4'],
        ],
      },
    ],
    ['\0\x01a\0NetASCII\0', { kind: 'read', filename: 'a', mode: 'netascii', options: [] }],
    ['\0\x01a\0octet\0\0\0\0', { kind: 'read', filename: 'a', mode: 'octet', options: [['', '']] }],
    ['\0\x01a\0octet\0tsize\0', { kind: 'read', filename: 'a', mode: 'octet', options: [] }],
    ['\0\x01a\0octet\0tsize\x000', { kind: 'read', filename: 'a', mode: 'octet', options: [] }],
    ['\0\x02a\0octet\0', { kind: 'write', filename: 'a', mode: 'octet', options: [] }],
    ['\0\x04\xff\xfe', { kind: 'ack', block: 65_534 }],
    ['\0\x04\0\x07rest', { kind: 'ack', block: 7 }],
    ['\0\x05\0\x08no thanks\0', { kind: 'error', code: 8, message: 'no thanks' }],
    ['\0\x05\0\x08no end', { kind: 'error', code: 8, message: 'no end' }],
    ['\0\x05\0\0', { kind: 'error', code: 0, message: '' }],
    [`\0\x05\0\0\n${'a'.repeat(600)}`, { kind: 'error', code: 0, message: ` ${'a'.repeat(199)}` }],
  ])('reads %j', (text, packet) => expect(decodePacket(bytes(text))).toEqual(packet));

  it.each([
    ['', 'too short'],
    ['\0\x04\0', 'too short'],
    ['\0\x01\0octet\0', 'names no file'],
    ['\0\x01a\0octet', 'names no file or mode'],
    ['\0\x01aaaa', 'names no file or mode'],
    ['\0\x03\0\x01data', 'opcode 3'],
    ['\0\x06blksize\x001\0', 'opcode 6'],
    ['\xff\xff\0\0', 'opcode 65535'],
    [`\0\x01${'a'.repeat(510)}\0octet\0`, 'too long'],
  ])('refuses %j', (text, why) => {
    expect(decodePacket(bytes(text))).toEqual({
      kind: 'malformed',
      why: expect.stringContaining(why) as string,
      isRequest: text.startsWith('\0\x01') || text.startsWith('\0\x02'),
    });
  });

  it('reads sixteen options and no more', () => {
    const packet = decodePacket(bytes(`\0\x01a\0octet\0${'o\x001\0'.repeat(20)}`));
    expect(packet.kind === 'read' && packet.options).toHaveLength(16);
  });

  it('answers something for anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (any) => {
        expect(['read', 'write', 'ack', 'error', 'malformed']).toContain(decodePacket(Buffer.from(any)).kind);
      }),
    );
    fc.assert(
      fc.property(fc.nat(6), fc.uint8Array({ maxLength: 60 }), (opcode, any) => {
        expect(decodePacket(Buffer.from([0, opcode, ...any])).kind).toBeDefined();
      }),
    );
  });
});

describe('encoding', () => {
  it('writes blocks of any size, numbered modulo 65536', () => {
    expect(encodeData(1, bytes('ab'))).toEqual(bytes('\0\x03\0\x01ab'));
    expect(encodeData(65_536, bytes(''))).toEqual(bytes('\0\x03\0\0'));
    const large = Buffer.alloc(1_468, 7);
    expect(encodeData(65_537, large)).toEqual(Buffer.concat([bytes('\0\x03\0\x01'), large]));
  });

  it('writes options as they are given', () => {
    expect(
      encodeOack([
        ['tsize', '7'],
        ['BlkSize', '512'],
      ]),
    ).toEqual(bytes('\0\x06tsize\x007\0BlkSize\x00512\0'));
  });

  it('writes errors in short ASCII', () => {
    expect(encodeError({ error: 'notFound', message: 'no\nsuch “file”' })).toEqual(
      bytes('\0\x05\0\x01no such  file \0'),
    );
    expect(encodeError({ error: 'undefined', message: 'x'.repeat(500) })).toHaveLength(205);
  });
});
