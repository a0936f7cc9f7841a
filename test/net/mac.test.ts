import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { macOf, parseMac } from '../../src/net/mac.js';

describe('parseMac', () => {
  it.each(['52:54:00:AB:34:56', '52-54-00-ab-34-56', '525400AB3456', '5254.00ab.3456', ' 52:54:00:ab:34:56 '])(
    'reads %s',
    (text) => expect(parseMac(text)).toBe('52:54:00:ab:34:56'),
  );

  it.each(['', '52:54:00:ab:34', '52:54:00:ab:34:5g', '52-54:00:ab:34:56', '5254:00ab:3456', 'localhost', '5'])(
    'refuses %s',
    (text) => expect(parseMac(text)).toBeUndefined(),
  );

  it('reads the 20 bytes of InfiniBand and the 8 of an EUI-64', () => {
    const infiniband = Array.from({ length: 20 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(':');
    expect(parseMac(infiniband.toUpperCase())).toBe(infiniband);
    expect(parseMac('0002c90300a1b2c3')).toBe('00:02:c9:03:00:a1:b2:c3');
  });

  it('is what the bytes of a card are, however many a card has', () => {
    const anyBytes = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(macOf(bytes)).toBe(parseMac(Buffer.from(bytes).toString('hex')));
      }),
    );
  });

  it('reads its own output, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const mac = parseMac(Buffer.from(bytes).toString('hex'));
        expect(mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
        expect(parseMac(mac ?? '')).toBe(mac);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseMac(text)));
  });
});
