import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Format } from '../../src/provision/format.js';
import { render, textOf } from './render.js';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'ab \n\'"\\$`;&#:-{}%') }),
);
const lines = fc
  .array(fc.string({ unit: fc.constantFrom(...'ab \t:#-\'"\\$|>{}') }), { maxLength: 6 })
  .map((all) => all.join('\n'));

describe('quote', () => {
  it.each<Format>(['json', 'yaml'])('makes a whole scalar of %s of anything', (format) => {
    fc.assert(
      fc.property(anyText, (x) => {
        const text = textOf(render('{"a": {{ x | quote }}, "b": [{{ x | quote }}]}', format, { x }));
        expect(format === 'json' ? JSON.parse(text) : parse(text)).toEqual({ a: x, b: [x] });
      }),
    );
  });

  it('is no quoting for a shell, and says so', () => {
    expect(textOf(render('A={{ x | quote }}', 'text', { x: 'a b' }))).toBe('A="a b"');
    expect(render('A={{ x | quote }}', 'text', { x: '$(reboot)' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('write {{ x | shell }} in a script, {{ x | json }} in other files') as string,
    });
  });
});

describe('json', () => {
  it('writes all labels at once, for JSON and for YAML', () => {
    const labels = { rack: 'r1', 'a.b/c': '"\u2028', size: 'l', toJSON: 'x' };
    const text = 'labels: {{ machine.labels | json }}';
    expect(parse(textOf(render(text, 'yaml', { machine: { labels } })))).toEqual({ labels });
  });

  it('refuses what is not there', () => {
    expect(render('{{ nil | json }}', 'json')).toMatchObject({ kind: 'refused' });
  });
});

describe('shell', () => {
  it('makes one word that a shell reads as the value', () => {
    const word = anyText.filter((x) => !x.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (words) => {
        const script = words.map((x) => textOf(render(`printf '%s\\0' {{ x | shell }}\n`, 'text', { x }))).join('');
        const said = execFileSync('sh', ['-c', script], { encoding: 'utf8', timeout: 10_000 });
        expect(said.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses a NUL and half a character, which no word holds', () => {
    expect(render('{{ x | shell }}', 'text', { x: 'a\0b' })).toMatchObject({ kind: 'refused' });
    expect(render('{{ x | shell }}', 'text', { x: 'a\ud800b' })).toMatchObject({ kind: 'refused' });
  });

  it('stays a value like any other in JSON and YAML', () => {
    expect(textOf(render('"run {{ x | shell }}"', 'json', { x: 'a"b' }))).toBe(`"run 'a\\"b'"`);
    expect(textOf(render('- run {{ x | shell }}', 'yaml', { x: 'node-01' }))).toBe('- run node-01');
    expect(render('- run {{ x | shell }}', 'yaml', { x: 'a: b' })).toMatchObject({ kind: 'refused' });
    expect(textOf(render('- {{ x | shell | prepend: "run " | quote }}', 'yaml', { x: 'a: b' }))).toBe(`- "run 'a: b'"`);
  });
});

describe('base64', () => {
  it.each<Format>(['json', 'yaml', 'text'])('stands in %s whatever it holds', (format) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (x) => {
        expect(Buffer.from(textOf(render('{{ x | base64 }}', format, { x })), 'base64').toString()).toBe(x);
      }),
    );
  });
});

describe('indent', () => {
  it('keeps every line in its block scalar', () => {
    fc.assert(
      fc.property(
        lines,
        fc.constantFrom('a:\n  b: |-\n    {{ x | indent: 4 }}\n', '- |-\n  {{ x | indent: 2 }}\n'),
        (x, text) => {
          const rendered = render(text, 'yaml', { x });
          if (rendered.kind === 'refused') {
            expect(x).toMatch(/^\n*[ \t]/);
            return;
          }
          const read: unknown = parse(rendered.text);
          const value = x.replace(/\n+$/, '');
          expect(read).toEqual(text.startsWith('a') ? { a: { b: value } } : [value]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps what stands before it in the line', () => {
    const text = textOf(render('a: |\n  echo {{ x | shell | indent: 2 }}\n', 'yaml', { x: ' a\nb: c' }));
    expect(parse(text)).toEqual({ a: "echo ' a\nb: c'\n" });
  });

  it.each([
    ['a: |\n    {{ x | indent: 2 }}', /line of x \| indent: 2 begins with 4 spaces: .* indent: 4$/],
    ['  key: {{ x | indent: 2 }}', /is to stand below its key/],
    ['  - {{ x | indent: 2 }}', /is to stand below its key/],
    ['a: |\n  {{ x | indent }}', /how many spaces, from 1 to 40/],
    ['a: |\n  {{ x | indent: 1000000000 }}', /how many spaces, from 1 to 40/],
    ['a: |\n  {{ x | indent: "2" }}', /how many spaces, from 1 to 40/],
  ])('refuses %j', (text, reason) => {
    expect(render(text, 'yaml', { x: 'a' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(reason) as string,
    });
  });

  it.each(['a\r\nb', 'a\u2028b', 'a\0b', 'a\ufeffb', '  a\nb', '\n\n a'])(
    'refuses %j, which would not come back',
    (x) => {
      expect(render('a: |\n  {{ x | indent: 2 }}', 'yaml', { x })).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining('write {{ x | quote }} instead') as string,
      });
    },
  );

  it('does not make a value fit for a script', () => {
    expect(render('  {{ x | indent: 2 }}', 'text', { x: 'a\nreboot' })).toMatchObject({ kind: 'refused' });
    expect(textOf(render('  {{ x | raw | indent: 2 }}', 'text', { x: 'a\n\nb\n' }))).toBe('  a\n\n  b\n');
  });

  it('is nothing for JSON', () => {
    expect(render('"{{ x | indent: 2 }}"', 'json', { x: 'a' })).toMatchObject({ kind: 'refused' });
  });
});

describe('raw', () => {
  it.each<Format>(['json', 'yaml', 'text'])('stands as it is in %s', (format) => {
    expect(textOf(render('{{ x | raw }}', format, { x: '": #\n$(x) {{ x }}' }))).toBe('": #\n$(x) {{ x }}');
  });
});
