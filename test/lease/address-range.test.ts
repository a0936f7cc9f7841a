import { expect, it } from 'vitest';
import { nthAddress, parseRange, rangeHolds, rangeSize } from '../../src/lease/address-range.js';
import { ip } from '../fixtures/leases.js';

const range = (text: string) => parseRange(text) ?? expect.unreachable(text);

it.each([
  ['192.168.77.100-192.168.77.199', 100],
  ['192.168.77.100 - 192.168.77.100', 1],
  ['192.168.77.100', 1],
  ['10.0.0.250-10.0.1.5', 12],
])('%s has %i addresses', (text, size) => {
  expect(rangeSize(range(text))).toBe(size);
});

it.each(['', '-', '10.0.0.2-10.0.0.1', '10.0.0.1-', '10.0.0.1-10.0.0.2-10.0.0.3', 'fd00::1-fd00::2', '10.0.0.0/24'])(
  '"%s" is none',
  (text) => {
    expect(parseRange(text)).toBeUndefined();
  },
);

it('counts over all ranges', () => {
  const ranges = [range('10.0.0.254-10.0.1.1'), range('10.0.2.7')];
  expect([0, 1, 2, 3, 4, 5].map((place) => nthAddress(ranges, place))).toEqual([
    ...['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1', '10.0.2.7'],
    undefined,
  ]);
});

it('knows what is in it', () => {
  const one = range('10.0.0.10-10.0.0.20');
  expect(
    ['10.0.0.9', '10.0.0.10', '10.0.0.20', '10.0.0.21', 'fd00::1'].map((text) => rangeHolds(one, ip(text))),
  ).toEqual([false, true, true, false, false]);
});
