import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../src/http/byte-range.js';

const part = (start: number, end: number) => ({ kind: 'part', start, end });
const whole = { kind: 'whole' };
const unsatisfiable = { kind: 'unsatisfiable' };

describe('parseRange', () => {
  it.each([
    [undefined, whole],
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-99', part(0, 100)],
    ['bytes=10-', part(10, 100)],
    ['bytes=10-1000', part(10, 100)],
    ['bytes=-1', part(99, 100)],
    ['bytes=-1000', part(0, 100)],
    ['BYTES=5-6', part(5, 7)],
    ['bytes=100-', unsatisfiable],
    ['bytes=-0', unsatisfiable],
    ['bytes=9-3', whole],
    ['bytes=0-1,5-6', whole],
    ['bytes=-', whole],
    ['bytes=x-y', whole],
    ['items=0-1', whole],
    ['bytes=99999999999999999999-', whole],
  ])('of 100 bytes, %s is %o', (header, wanted) => expect(parseRange(header, 100)).toEqual(wanted));

  it('finds nothing in an empty body', () => expect(parseRange('bytes=0-', 0)).toEqual(unsatisfiable));

  it('never leaves the body, whatever it is given', () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,18}-\d{0,18}$/));
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const wanted = parseRange(text, size);
        if (wanted.kind === 'part') {
          expect(wanted.start).toBeLessThan(wanted.end);
          expect(wanted.end).toBeLessThanOrEqual(size);
        }
      }),
    );
  });
});
