import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ip4NumberOf, ip4Of } from '../../src/net/ip4-number.js';

it('is the number, there and back', () => {
  fc.assert(fc.property(fc.nat(0xffffffff), (number) => ip4NumberOf(ip4Of(number)) === number));
  expect(ip4NumberOf('192.168.77.1')).toBe(0xc0a84d01);
});

it.each(['', '1.2.3', '1.2.3.4.5', '1..2.3', '256.1.1.1', '1.2.3.x', 'fd00::1', '1.2.3.0004'])(
  '"%s" has none',
  (text) => {
    expect(ip4NumberOf(text)).toBeUndefined();
  },
);
