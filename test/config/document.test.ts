import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigDocument, parseThoroughly } from '../../src/config/document.js';

/** What YAML is made of, so that texts are often valid and often nearly so. */
const PIECES = [
  ...[
    'machines',
    'name',
    'a',
    'b-1',
    'null',
    'true',
    'no',
    '~',
    '012',
    '0o17',
    '0x1F',
    '1e3',
    '.5',
    '-0',
    '1_000',
    '.inf',
  ],
  ...[
    '2026-11-24',
    '12:34:56',
    '52:54:00:12:34:56',
    '"q\\u0041\\n"',
    "'it''s'",
    '"un',
    '#c',
    ' # c',
    '\\',
    'é',
    '\u{1f600}',
  ],
  ...[
    ': ',
    ':',
    '- ',
    '-',
    ', ',
    ',',
    '[',
    ']',
    '{',
    '}',
    '? ',
    '|',
    '>',
    '|-',
    '>+',
    '---',
    '...',
    '%',
    '&x',
    '*x',
    '!!str',
    '<<',
  ],
  ...['\n', '\n', '\n  ', '\n    ', '\n- ', ' ', '  ', '\t', '\r\n', '\ufeff', '\0'],
];
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(''));
const contentsOf = (parsed: ReturnType<typeof parseThoroughly>) =>
  parsed.kind === 'document' ? parsed.document.value : undefined;

/** As it is written, and as JavaScript writes what is as large as none (`.inf`) or none at all (`.nan`). */
const NUMBER = /^[-+.\d]|^(Infinity|NaN)$/;

/** How many entries each list has lines for. A number as a key is another text to each parser, and names no list of ours. */
const lineCounts = (parsed: ReturnType<typeof parseThoroughly>) =>
  parsed.kind === 'document'
    ? new Map(
        [...parsed.document.lines()].filter(([key]) => !NUMBER.test(key)).map(([key, lines]) => [key, lines.length]),
      )
    : undefined;

describe('parseConfigDocument', () => {
  it('takes what the thorough parser takes, and gives what it gives', () => {
    fc.assert(
      fc.property(text, (written) => {
        const thorough = parseThoroughly(written);
        const parsed = parseConfigDocument(written);
        expect(parsed.kind).toBe(thorough.kind);
        // A number too large for one stays text to the fast parser, which is as good.
        if (thorough.kind !== 'document' || /\de\d{3}/.test(written)) return;
        // An empty document is null to one and nothing to the other.
        expect(contentsOf(parsed) ?? null).toEqual(contentsOf(thorough) ?? null);
        expect(lineCounts(parsed)).toEqual(lineCounts(thorough));
      }),
      { numRuns: 20_000, examples: [['.inf:\n- '], ['.nan:\n- ']] },
    );
  });

  it('knows the place of what it read fast', () => {
    const parsed = parseConfigDocument('a:\n  - b: 012\n    c: {}\n');
    if (parsed.kind !== 'document') expect.unreachable();
    const { value, placeOf, sourceOf } = parsed.document;
    expect(value).toEqual({ a: [{ b: 12, c: {} }] });
    expect([placeOf(['a', 0, 'b']), sourceOf(['a', 0, 'b'])]).toEqual([{ line: 2, column: 8 }, '012']);
    expect(placeOf(['a', 0, 'c'])).toEqual({ line: 3, column: 5 });
    expect(placeOf(['a', 7, 'x'])).toEqual({ line: 2, column: 3 });
  });

  it.each([
    [
      'fast',
      '# c\na: [[1], {x: 1}]\nmachines:\n  - name: x\n    mac: [1, 2]\n\n  -\n    name: y\n  - {name: z}\n  - "b"\nb: 1\nc: [{a: 1},\n {b: 2}]\nd: {e: [1]}\n',
    ],
    [
      'thoroughly',
      '# c !\na: [[1], {x: 1}]\nmachines:\n  - name: x\n    mac: [1, 2]\n\n  -\n    name: y\n  - {name: z}\n  - "b"\nb: 1\nc: [{a: 1},\n {b: 2}]\nd: {e: [1]}\n',
    ],
  ])('knows the lines of the entries of lists, read %s', (_, written) => {
    const parsed = parseConfigDocument(written);
    if (parsed.kind !== 'document') expect.unreachable();
    expect([...parsed.document.lines()]).toEqual([
      ['a', [2, 2]],
      ['machines', [4, 8, 9, 10]],
      ['c', [12, 13]],
    ]);
  });

  it('says where a text is broken', () => {
    expect(parseConfigDocument('a: [1\nb: 2')).toMatchObject({ kind: 'broken', problems: [{ line: 2 }] });
  });
});
