import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Format } from '../../src/provision/format.js';
import { parseTemplate } from '../../src/provision/template.js';
import { anyUnits, render, templateOf, textOf } from './render.js';

const VALUES = {
  machine: { name: 'node-01', mac: '52:54:00:12:34:56', labels: { rack: 'r1', 'example.com/row': 'a' } },
  secrets: { root: 'hunter2: "\n' },
};

function refusal(text: string, format: Format = 'text', values = VALUES) {
  const parsed = parseTemplate(text, format);
  const outcome = parsed.kind === 'template' ? parsed.template.render(values) : parsed;
  if (outcome.kind === 'text') throw new Error(`not refused: ${outcome.text}`);
  return { at: `${outcome.line}:${outcome.column}`, reason: outcome.reason };
}

describe('names', () => {
  it('are those of the outside, each where it is used first', () => {
    const text = [
      '{{ machine.name }} {{ machine.name | default: done.url }}',
      '{% for pair in machine.labels limit: image.digest %}{{ pair[0] }} {{ forloop.index }} {{ server.url }}{% endfor %}',
      '  {% assign x = secrets["root"] | append: machine.mac %}{{ x }}{% if provision.url and "a" == server.host %}{% endif %}',
      '{% case machine.arch %}{% when machine.uuid, "b" %}{{ machine.labels["example.com/row"] }}{% endcase %}',
      '{% capture y %}{{ machine.ip }}{% endcapture %}{{ y }}{% comment %}{{ not.used }}{% endcomment %}{% raw %}{{ nor.this }}{% endraw %}',
      '{% unless (machine.serial..3) contains 1 %}{% elsif assignment.name %}{% else %}{{ typo }}{% endunless %}',
    ].join('\n');
    const lines = text.split('\n');
    const names = templateOf(text, 'text').names.map(({ path, line, column }) => {
      expect(lines[line - 1]?.slice(column - 1)).toMatch(new RegExp(`^${path[0] ?? ''}\\b`));
      return `${line} ${path.join(' ')}`;
    });
    expect(names).toEqual([
      ...['1 machine name', '1 done url', '2 machine labels', '2 image digest', '2 server url', '3 secrets root'],
      ...['3 machine mac', '3 provision url', '3 server host', '4 machine arch', '4 machine uuid'],
      ...['4 machine labels example.com/row', '5 machine ip', '6 machine serial', '6 assignment name', '6 typo'],
    ]);
    expect(templateOf('{{ x }}\n  {{ y.z }}{{ x }}', 'text').names).toEqual([
      { path: ['x'], line: 1, column: 4 },
      { path: ['y', 'z'], line: 2, column: 6 },
    ]);
  });

  it('cannot be hidden behind names of the template', () => {
    expect(refusal('{% if false %}\n{% assign secrets = 1 %}{% endif %}{{ secrets.root }}')).toEqual({
      at: '2:11',
      reason: 'secrets has its meaning already: choose another name',
    });
    for (const text of [
      '{% for secrets in x %}{% else %}{{ secrets.root }}{% endfor %}',
      '{% capture machine %}{% endcapture %}',
    ]) {
      expect(refusal(text).reason).toContain('has its meaning already');
    }
  });

  it.each([
    '{{ machine[machine.name] }}',
    '{{ [machine.name] }}',
    '{{ "a".size }}',
    '{{ (1..secrets.root).size }}',
    '{{ a[1][b] }}',
  ])('say which value they are, unlike those of %s', (text) =>
    expect(refusal(text).reason).toContain('does not say which value it is'),
  );
});

describe('a template', () => {
  it('is JSON with any text between quotes', () => {
    const template = templateOf('{"a": "{{ x }}", "b": ["-{{ x }}-{{ x | upcase }}"]}', 'json');
    fc.assert(
      fc.property(anyUnits, (x) => {
        expect(JSON.parse(textOf(template.render({ x })))).toEqual({ a: x, b: [`-${x}-${x.toUpperCase()}`] });
      }),
    );
  });

  it('is YAML with one text where its name stands, or none', () => {
    const template = templateOf('a:\n  b: x{{ x }}\n  c: 1\n', 'yaml');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab :#\n-"\'{}[],') }), (x) => {
        const rendered = template.render({ x });
        if (rendered.kind === 'text') expect(parse(rendered.text)).toEqual({ a: { b: `x${x}`, c: 1 } });
        else expect(rendered.reason).toContain('write {{ x | quote }}');
      }),
      { numRuns: 300 },
    );
  });

  it.each<Format>(['json', 'yaml', 'text'])('never takes a value for a template, in %s', (format) => {
    const x = '{{ secrets.root }}{% include "x" %}{% raw %}';
    const text = '{% capture y %}{{ x | raw }}{% endcapture %}{{ y }}{% assign z = y %}{{ z }}';
    expect(textOf(render(text, format, { x, secrets: { root: 'hunter2' } }))).toBe(x + x);
  });

  it('keeps what it captured as it was made, and compares it as text', () => {
    const text = '{% capture y %}"{{ x }}"{% endcapture %}{{ y }}{% if y == "\\"a\\"" %}!{% endif %}';
    expect(JSON.parse(textOf(render(text, 'json', { x: '"' })))).toBe('"');
    expect(textOf(render(text, 'json', { x: 'a' }))).toBe('"a"!');
  });

  it('judges what became of a text that was fit', () => {
    expect(refusal('{{ x | shell | append: "; reboot" }}', 'text', { x: 'a' } as never).reason).toContain('holds ";"');
  });

  it('writes numbers and truth of its own', () => {
    const text =
      '{% for i in (1..3) %}{{ i | times: 2.5 }},{% endfor %}{{ true }}{% if machine.name == "node-01" %}!{% endif %}';
    expect(textOf(render(text, 'yaml', VALUES))).toBe('2.5,5,7.5,true!');
    expect(refusal('{{ 1 | modulo: 0 }}').reason).toBe('1 | modulo: 0 is not a finite number');
  });

  it('says which name has no value, wherever it is used', () => {
    const reason = 'machine.ip has no value: give it one, or write {{ machine.ip | default: "..." }}';
    for (const text of [
      '\n {{ machine.ip }}',
      '\n {{ machine.ip | upcase }}',
      '\n{%assign x=machine.ip | append: "a" %}',
      '\n {% for x in machine.ip %}{% endfor %}',
    ]) {
      expect(refusal(text)).toMatchObject({ at: expect.stringMatching(/^2:/) as string, reason });
    }
    expect(refusal('{{ machine.name | default: machine.ip }}').reason).toBe(reason);
  });

  it('asks for what may be missing', () => {
    const text =
      '{{ machine.ip | default: "-" }}{% assign x = machine.ip | default: "+" %}{{ x }}{% if machine.ip %}!{% else %}?{% endif %}';
    expect(textOf(render(text, 'text', VALUES))).toBe('-+?');
    expect(textOf(render('{{ machine.labels.size | default: "none" }}', 'text', VALUES))).toBe('none');
    expect(textOf(render('{{ labels.size }}', 'text', { labels: { size: 'l' } }))).toBe('l');
  });

  it('refuses several values where one is to stand', () => {
    expect(refusal('a\n{{ machine.labels }}')).toEqual({
      at: '2:1',
      reason: 'machine.labels is several values: name one of them, or write {{ machine.labels | json }}',
    });
  });

  it('never says a value', () => {
    for (const format of ['yaml', 'text'] as const) {
      for (const text of [
        '{{ secrets.root }}',
        '{{ secrets.root | indent: 3 }}',
        '{{ secrets.root | modulo: 0 }}',
        '{{ secrets.root.x }}',
      ]) {
        expect(refusal(text, format).reason).not.toContain('hunter2');
      }
    }
  });

  it.each([
    ['a\n  {% include "/etc/passwd" %}', '2:3', 'there is no tag "include"; known are if, unless'],
    ['{% render "x" %}', '1:1', 'there is no tag "render"'],
    ['{% layout "x" %}', '1:1', 'there is no tag "layout"'],
    ['{% tablerow i in (1..2) %}{% endtablerow %}', '1:1', 'there is no tag "tablerow"'],
    ['{% unles x %}', '1:1', 'did you mean "unless"?'],
    ['a {% endif %}', '1:3', '{% endif %} ends nothing'],
    ['{% else %}', '1:1', 'stands outside'],
    ['a\n{% if x %}', '2:1', 'tag {% if x %} not closed'],
    ['a {{ x', '1:3', 'output "{{ x" not closed'],
    ['{{ x | upcse }}', '1:1', 'there is no filter "upcse", did you mean "upcase"?'],
    ['{{ x | jsön }}', '1:1', 'there is no filter "jsön", did you mean "json"?'],
    ['{{ "now" | date: "%s" }}', '1:1', 'there is no filter "date"'],
    ['{{ x | sample }}', '1:1', 'there is no filter "sample"'],
    ['{% assign y = x | sample %}', '1:1', 'there is no filter "sample"'],
    ['{{ machine.name machine.mac }}', '1:1', '{{ machine.name machine.mac }} is not one value'],
    ['{{ and }}', '1:1', 'is not one value'],
    ['{{ x.__proto__ }}', '1:4', 'x.__proto__ stands for nothing'],
    ['{{ x.constructor.constructor }}', '1:4', 'stands for nothing'],
  ])('is refused when it is %j', (text, at, reason) => {
    const parsed = parseTemplate(text, 'text');
    if (parsed.kind !== 'refused') throw new Error('not refused');
    expect(`${parsed.line}:${parsed.column}`).toBe(at);
    expect(parsed.reason).toContain(reason);
  });
});

describe('hostile templates', () => {
  it.each<readonly [string, RegExp]>([
    ['{% for i in (1..1000000000) %}x{% endfor %}', /limit exceeded/],
    [
      '{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..9) %}{% endfor %}{% endfor %}{% endfor %}',
      /limit exceeded/,
    ],
    [`{% for i in (1..5000) %}${'x'.repeat(300)}{% endfor %}`, /larger than 1 MiB/],
    [`{% capture y %}{% for i in (1..5000) %}${'x'.repeat(300)}{% endfor %}{% endcapture %}`, /larger than 1 MiB/],
    [`{% assign x = "ab" %}${'{% assign x = x | append: x %}'.repeat(64)}`, /limit exceeded/],
    [`{% assign x = "ab" %}${'{% assign x = x | quote %}{% assign x = x | json %}'.repeat(64)}`, /limit exceeded/],
    // What is read counts like what is made: a step alone may be long.
    ...[
      '{% for i in (1..4000) %}{% assign x = y | replace: "a", "" %}{% endfor %}',
      '{% for i in (1..4000) %}{% assign x = y | slice: 199000 %}{% endfor %}',
      '{% for i in (1..4000) %}{% assign x = y | times: 1 %}{% endfor %}',
      '{% for i in (1..4000) %}{% capture x %}{{ y | slice }}{% endcapture %}{% endfor %}',
      `{% if ${'y contains "b" or '.repeat(300)} true %}{% endif %}`,
      `{% case "b" %}{% when ${'y, '.repeat(300)} "c" %}{% endcase %}`,
      '{% assign x = y | split: "" %}{% if x contains "b" %}{% endif %}',
      '{{ y | split: "a" | size }}',
      '{{ y | remove: "a" }}',
      // Each character of it begins what is almost found.
      `{% capture z %}${'a'.repeat(20_000)}b${'a'.repeat(20_000)}{% endcapture %}{% if y contains z %}{% endif %}`,
      `{% capture z %}${'a'.repeat(20_000)}b${'a'.repeat(20_000)}{% endcapture %}{{ y | split: z }}`,
    ].map(
      (text) => [`{% capture y %}${'a'.repeat(200_000)}{% endcapture %}${text}`, /limit exceeded: values/] as const,
    ),
    // So does what stands between quotes, is captured, or is a range.
    ...[
      `{% assign x = "${'a'.repeat(200_000)}" | replace: "a", "" %}`,
      `{% assign x = "${'1'.repeat(200_000)}" | times: 1 %}`,
      `{% capture x %}${'a'.repeat(200_000)}{% endcapture %}`,
      '{% if (1..1000) == (1..1000) %}{% endif %}',
      '{% case (1..1000) %}{% when (1..1000) %}{% endcase %}',
    ].map((text): [string, RegExp] => [`{% for i in (1..3000) %}${text}{% endfor %}`, /limit exceeded/]),
    // A long tag is no step like others.
    ...[
      `{% if ${'true or '.repeat(500)} true %}{% endif %}`,
      `{% case 1 %}{% when ${'2, '.repeat(500)} 3 %}{% endcase %}`,
      `{{ 1 ${'| plus: 1'.repeat(500)} }}`,
      `{{ 1 | default: ${'2,'.repeat(500)} 3 }}`,
      `{% case "${'a'.repeat(100_000)}" %}{% when "${'a'.repeat(99_999)}b" %}{% endcase %}`,
    ].map((text): [string, RegExp] => [
      `{% for i in (1..3000) %}${text}{% endfor %}`,
      /limit exceeded: .* 10000 steps/,
    ]),
    ['{%if a%}'.repeat(4096), /too deep|not closed/],
    ['{%if a%}'.repeat(4097), /4097 tags and names/],
    ['{%if a%}'.repeat(60) + '{%endif%}'.repeat(60), /too deep/],
    [`{{${'a['.repeat(60_000)}${']'.repeat(60_000)}}}`, /too deep/],
    ['{{a}}'.repeat(50_000), /50000 tags and names/],
    ['x'.repeat(300_000), /larger than 256 KiB/],
    ['\ud800{{ \ud800 }}', /has no value/],
  ])('end: %#', (text, reason) => expect(refusal(text).reason).toMatch(reason));

  it('are none of those that write large values, long lists and long texts', () => {
    const x = 'a'.repeat(1024 * 1024);
    expect(textOf(render('{{ x }}', 'text', { x }))).toBe(x);
    expect(textOf(render('{{ x | quote }}', 'json', { x: x.slice(0, 700_000) }))).toHaveLength(700_002);
    expect(textOf(render(x.slice(0, 256 * 1024), 'yaml'))).toHaveLength(256 * 1024);
    const lines = 'a line of a certificate\n'.repeat(2_000);
    expect(textOf(render('a: |\n  {{ x | indent: 2 }}', 'yaml', { x: lines }))).toContain('\n  a line');
    const machine = '- name: {{ machine.name | append: "-" | append: i | quote }}\n  mac: {{ machine.mac | quote }}\n';
    const list = `{% for i in (1..500) %}${machine}{% if i contains "x" %}{% else %}  rack: r{{ i }}\n{% endif %}{% endfor %}`;
    expect(parse(textOf(render(list, 'yaml', VALUES)))).toHaveLength(500);
  });

  it('may hold many names', () => {
    expect(templateOf('{{a}}\n'.repeat(4096), 'text').names).toHaveLength(1);
  });

  it('never throw, whatever they are made of', () => {
    const piece = fc.constantFrom(
      ...[
        '{{',
        '}}',
        '{%',
        '%}',
        '-',
        ' if ',
        'else',
        'endif',
        ' for ',
        'endfor',
        ' in ',
        '(1..',
        ')',
        'raw',
        'endraw',
        'capture',
        'case',
      ],
      ...[
        'when',
        ' assign ',
        '=',
        '|',
        ':',
        ',',
        '.',
        '..',
        '[',
        ']',
        '"',
        "'",
        '\\',
        'x',
        'machine',
        '.name',
        '__proto__',
        'constructor',
      ],
      ...[
        'json',
        ' quote',
        ' indent: 2',
        ' default',
        'nil',
        'true',
        'and',
        ' not ',
        '==',
        ' contains ',
        '1',
        '-1e9',
        '\n',
        ' ',
        'ü',
        '\u2028',
        '\0',
      ],
    );
    const whole = fc.constantFrom(
      '{{ x | json }}',
      '{% if x %}',
      '{% endif %}',
      '{% for i in x %}',
      '{% endfor %}',
      '{{ forloop.valueOf }}',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, whole), { maxLength: 25 }),
        fc.constantFrom<Format>('json', 'yaml', 'text'),
        (pieces, format) => {
          const text = pieces.join('');
          const parsed = parseTemplate(text, format);
          const outcomes =
            parsed.kind === 'refused'
              ? [parsed]
              : [parsed.template.render({}), parsed.template.render({ x: { y: '"\n' }, ...VALUES })];
          for (const outcome of outcomes) {
            if (outcome.kind === 'text') continue;
            expect(outcome.line).toBeGreaterThanOrEqual(1);
            expect(outcome.line).toBeLessThanOrEqual(text.split('\n').length);
            expect(outcome.reason).not.toBe('');
          }
        },
      ),
      { numRuns: 600 },
    );
  });
});
