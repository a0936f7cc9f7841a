import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { ASSIGNMENT, FILE, read, refusal } from '../fixtures/configuration-texts.js';

describe('a hostile configuration', () => {
  it.each([
    'machines: [{ name: a, labels: { __proto__: x } }]',
    'defaults: { named: { __proto__: {} } }',
    'defaults: { kernelArgs: { replace: { __proto__: x } } }',
    'registries: { __proto__: {} }',
    `${ASSIGNMENT.replace('{}', '{ labels: { __proto__: x } }')} }]`,
  ])('%s, which would be lost', (text) => expect(refusal(text)).toContain('"__proto__" cannot be a name here'));

  it('a list without end', () => {
    const serials = Array.from({ length: 10_001 }, (_, number) => `"${number}"`).join(',');
    const text = `${ASSIGNMENT.replace('{}', `{ serial: [${serials}] }`)} }]`;
    expect(refusal(text)).toContain('match.serial: the list is longer than 10000');
  });

  it('never brings anything but its own error, whatever the file holds', () => {
    const keys = fc.constantFrom(
      'http',
      'machines',
      'assignments',
      'match',
      'mac',
      'name',
      'image',
      '__proto__',
      'constructor',
      'data',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    const check = (text: string) => {
      try {
        read(text);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(BootlayerError);
        expect((thrown as BootlayerError).code).toBe('CONFIG_INVALID');
      }
    };
    fc.assert(fc.property(tree, (value) => check(JSON.stringify(value))));
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', ':', ' ', '\n', '-', '{', '}', '[', ']', '&', '*', '!', '"', '|', '#', '\t'),
        }),
        check,
      ),
    );
  });

  it.each([`machines: ${'['.repeat(3_000)}${']'.repeat(3_000)}`, `a: ${'['.repeat(20_000)}`])(
    'is refused once when it is nested too deep',
    (text) => expect(refusal(text)).toBe(`${FILE}:1:1: it is nested too deep`),
  );

  it('is told how many problems it has, however many', () => {
    const text = `machines: [${'{ name: 5 },'.repeat(1_500)}]`;
    expect(refusal(text)).toMatch(/^.* has 1500 problems:/);
  });

  it('is refused when it multiplies itself', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${'*'.concat('abcdefg'[i] ?? '', ',').repeat(9)}]`),
    ].join('\n');
    expect(refusal(bomb)).toContain(`${FILE}:1:1`);
  });
});
