import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asFormat, type Format, jsonString } from '../../src/provision/format.js';
import { anyUnits } from './render.js';

const anyText = fc.oneof(
  anyUnits,
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'ab1 :#-?,[]{}&*!|>\'"%@`\\\n\r\t.=~$;\u0085\u2028') }),
);

function textOf(format: Format, value: string): string | undefined {
  const formatted = asFormat(format, value);
  return formatted.kind === 'text' ? formatted.text : undefined;
}

function reasonOf(format: Format, value: string): string | undefined {
  const formatted = asFormat(format, value, 'machine.serial');
  return formatted.kind === 'refused' ? formatted.reason : undefined;
}

describe('asFormat', () => {
  it.each<[Format, string]>([
    ['yaml', 'node-01'],
    ['yaml', 'http://192.168.77.1:8080/boot/done/a_b'],
    ['yaml', '52:54:00:12:34:56'],
    ['yaml', '$6$salt$hash/with.dots'],
    ['yaml', 'registry.lab:5000/os/debian:12@sha256:00ff'],
    ['yaml', 'größer als 日本'],
    ['text', 'node-01'],
    ['text', 'registry.lab:5000/os/debian:12@sha256:00ff'],
    ['text', 'http://fd00::1/'],
    ['text', ''],
  ])('leaves in %s what is safe there: %j', (format, value) => expect(textOf(format, value)).toBe(value));

  it.each([
    ['', /is empty/],
    ['a: b', /colon before a space/],
    ['a:', /colon before a space or at its end/],
    ['a #b', /begins a comment/],
    [' a', /starts with/],
    ['a ', /ends with a space/],
    ['- a', /starts with/],
    ['---', /starts with/],
    ['...', /starts with/],
    ['?', /starts with/],
    ['=', /starts with/],
    ["it's", /holds "'"/],
    ['a"b', /holds """/],
    ['a\\b', /holds "\\"/],
    ['a\nb', /holds a line break/],
    ['a\u2028b', /holds a line break/],
    ['a\u0085b', /holds a line break/],
    ['a\tb', /the character U\+0009/],
    ['a\ud800b', /the character U\+D800/],
    ['{a}', /holds "{"/],
    ['a, b', /holds ","/],
  ])('refuses %j in YAML, says why and what to write', (value, reason) => {
    expect(reasonOf('yaml', value)).toMatch(reason);
    expect(reasonOf('yaml', value)).toContain('write {{ machine.serial | quote }}');
  });

  it.each([
    ['$6$salt$hash', /holds "\$"/],
    ['`id`', /holds "`"/],
    ['a; reboot', /holds ";"/],
    ['a && reboot', /holds "&"/],
    ['*', /holds "\*"/],
    ["it's", /holds "'"/],
    ['a\nb', /holds a line break/],
    ['a\0b', /the character U\+0000/],
    ['# a', /begin a comment/],
    ['a #b', /begin a comment/],
    ['%include http://192.168.77.66/', /sections of a kickstart/],
  ])('refuses %j in a text, says why and what to write', (value, reason) => {
    expect(reasonOf('text', value)).toMatch(reason);
    expect(reasonOf('text', value)).toContain('write {{ machine.serial | shell }}');
    expect(reasonOf('text', value)).toMatch(/\| base64 .* \| raw/);
  });

  it('never says the value, which may be secret', () => {
    expect(reasonOf('yaml', 'hunter2: b')).not.toContain('hunter2');
    expect(reasonOf('text', 'hunter2;')).not.toContain('hunter2');
  });

  it('makes the inside of a JSON string of anything', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(JSON.parse(`{"a": "${textOf('json', value)}"}`)).toEqual({ a: value });
      }),
    );
  });

  it('lets stand in YAML only what is the same text or scalar in every kind of scalar and collection', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const text = textOf('yaml', value);
        if (text === undefined) return;
        expect(parse(`a: "${text}"\nb: '${text}'\nc: [1, "${text}"]`)).toEqual({ a: value, b: value, c: [1, value] });
        const alone: unknown = parse(`- ${text}`);
        expect(parse(`a:\n  b: ${text} # comment\n  c: [${text}, 1]\n  d: {e: ${text}}\nf: x-${text}`)).toEqual({
          a: { b: scalarOf(alone), c: [scalarOf(alone), 1], d: { e: scalarOf(alone) } },
          f: `x-${value}`,
        });
        expect(typeof scalarOf(alone) === 'string' ? scalarOf(alone) : text).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('lets stand in a text only one line without what a shell takes for more than letters', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(textOf('text', value) ?? '').not.toMatch(/[\p{Cc}\p{Cs}'"\\$`;&|<>(){}[\]*?!\u2028\u2029]/u);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('jsonString', () => {
  it('is a scalar of YAML too, of characters that YAML calls printable', () => {
    fc.assert(
      fc.property(anyUnits, (value) => {
        expect(JSON.parse(jsonString(value))).toBe(value);
        expect(parse(`a: ${jsonString(value)}\nb: [${jsonString(value)}]`)).toEqual({ a: value, b: [value] });
        expect(jsonString(value)).not.toMatch(/[\p{Cc}\u2028\u2029\ufeff\ufffe\uffff]/u);
      }),
    );
  });

  it('tells not one character of a secret', () => {
    for (const format of ['yaml', 'text'] as const) {
      const formatted = asFormat(format, "it's", 'secrets.root');
      expect(formatted).toMatchObject({
        ...{ kind: 'refused', reason: expect.stringContaining('holds what may mean something where it is') as string },
      });
    }
  });
});

/** The one item of a sequence. */
function scalarOf(sequence: unknown): unknown {
  return Array.isArray(sequence) && sequence.length === 1 ? sequence[0] : sequence;
}
