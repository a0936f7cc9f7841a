import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DhcpCodecError } from '../../src/dhcp/codec-error.js';
import { writeDomainSearch } from '../../src/dhcp/domain-search.js';

/** RFC 1035, 4.1.4, as plainly as can be. */
function readNames(bytes: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const labels: string[] = [];
    let end: number | undefined;
    for (let place = at; ; ) {
      const length = bytes.readUInt8(place);
      if (length >= 0xc0) {
        const to = bytes.readUInt16BE(place) & 0x3fff;
        if (to >= place) throw new Error('a pointer goes forward');
        end ??= place + 2;
        place = to;
      } else if (length === 0) {
        end ??= place + 1;
        break;
      } else {
        labels.push(bytes.toString('latin1', place + 1, place + 1 + length));
        place += 1 + length;
      }
    }
    names.push(labels.join('.'));
    at = end;
  }
  return names;
}

describe('option 119', () => {
  it('is, byte for byte, what RFC 3397 shows', () => {
    const written = writeDomainSearch(['eng.apple.com', 'marketing.apple.com']);
    const golden = '03656e67 056170706c65 03636f6d 00 096d61726b6574696e67 c004'.replaceAll(' ', '');
    expect(written.toString('hex')).toBe(golden);
  });

  it('points to a whole name that was there', () =>
    expect(writeDomainSearch(['lab', 'rack1.lab', 'rack1.lab']).toString('hex')).toBe(
      '036c616200 057261636b31c000 c005'.replaceAll(' ', ''),
    ));

  const label = fc.stringMatching(/^[a-z0-9]{1,12}$/);
  const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));
  it('reads as it was written', () =>
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), (names) => {
        expect(readNames(writeDomainSearch(names))).toEqual(names);
      }),
    ));

  it('points no further than a pointer reaches', () => {
    const names = Array.from({ length: 600 }, (_, number) => `${'x'.repeat(50)}${number}.y${number}`);
    const again = [...names, ...names];
    expect(readNames(writeDomainSearch(again))).toEqual(again);
  });

  it.each(['', 'a..b', `${'x'.repeat(64)}.lab`])('is of names: %j', (wrong) =>
    expect(() => writeDomainSearch([wrong])).toThrow(DhcpCodecError),
  );
});
