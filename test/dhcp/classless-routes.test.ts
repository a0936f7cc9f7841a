import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeClasslessRoutes } from '../../src/dhcp/classless-routes.js';
import { parseSubnet, subnetOf } from '../../src/net/ip.js';
import { ip4Of } from '../../src/net/ip4-number.js';

const to = (text: string) => parseSubnet(text) ?? expect.unreachable(text);

/** RFC 3442, as plainly as can be. */
function readRoutes(bytes: Buffer): readonly string[] {
  const [length, ...rest] = bytes;
  if (length === undefined) return [];
  const octets = Math.ceil(length / 8);
  const address = [...rest.slice(0, octets), 0, 0, 0, 0].slice(0, 4).join('.');
  const via = rest.slice(octets, octets + 4).join('.');
  return [`${address}/${length} ${via}`, ...readRoutes(Buffer.from(rest.slice(octets + 4)))];
}

describe('option 121', () => {
  it.each([
    ['0.0.0.0/0', '00'],
    ['10.0.0.0/8', '08 0a'],
    ['10.0.0.0/24', '18 0a0000'],
    ['10.17.0.0/16', '10 0a11'],
    ['10.27.129.0/24', '18 0a1b81'],
    ['10.229.0.128/25', '19 0ae50080'],
    ['10.198.122.47/32', '20 0ac67a2f'],
  ])('has of %s what RFC 3442 shows', (subnet, golden) =>
    expect(writeClasslessRoutes([{ to: to(subnet), via: '192.168.77.254' }]).toString('hex')).toBe(
      `${golden.replaceAll(' ', '')}c0a84dfe`,
    ),
  );

  it('reads as it was written', () => {
    const address = fc.nat(0xffffffff).map((number) => ip4Of(number));
    const route = fc
      .record({ address, prefixLength: fc.nat(32), via: address })
      .map(({ via, ...given }) => ({ to: subnetOf(given.address, given.prefixLength) ?? expect.unreachable(), via }));
    fc.assert(
      fc.property(fc.array(route, { maxLength: 60 }), (routes) => {
        const written = routes.map((one) => `${one.to.address}/${one.to.prefixLength} ${one.via}`);
        expect(readRoutes(writeClasslessRoutes(routes))).toEqual(written);
      }),
    );
  });
});
