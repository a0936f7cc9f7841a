import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editCommandLine, type KernelArgs } from '../../src/image/command-line.js';
import { mergeArguments } from '../../src/image/merged-arguments.js';

const merge = (commandLine: string, ...changes: readonly KernelArgs[]) =>
  mergeArguments(
    { from: 'image', commandLine },
    changes.map((change, position) => ({ from: change.from ?? `${position}`, change })),
  );
/** `text (from)` of each word. */
const told = (...args: Parameters<typeof merge>) => merge(...args).map(({ text, from }) => `${text} (${from})`);

describe('mergeArguments', () => {
  it('knows who wants each word', () => {
    const assignment = { from: 'assignment', append: ['ip=dhcp  a=1'], replace: { root: '/dev/sdb1', new: 'x' } };
    expect(told('root=/dev/sda1 quiet -- single', { from: 'defaults', append: ['console=ttyS0'] }, assignment)).toEqual(
      [
        'root=/dev/sdb1 (assignment)',
        'quiet (image)',
        'console=ttyS0 (defaults)',
        'new=x (assignment)',
        'ip=dhcp (assignment)',
        'a=1 (assignment)',
        '-- (image)',
        'single (image)',
      ],
    );
  });

  it('gives a word that a quote has joined to whom it begins with', () => {
    expect(told('a "b', { append: ['c" d'] })).toEqual(['a (image)', '"b c" (image)', 'd (0)']);
  });

  it('takes a removed word back from whoever said it', () => {
    expect(told('quiet', { append: ['x=1', 'y=2'] }, { remove: ['quiet', 'x'] })).toEqual(['y=2 (0)']);
  });

  it('lets what a preset says yield to who says it later', () => {
    const preset = { from: 'preset alpine', replace: { ip: 'dhcp' }, append: ['flag'] };
    const later = { append: ['ip=10.0.0.1::10.0.0.254 ip=10.1.0.1', 'flag=0'] };
    expect(told('ip=off', preset)).toEqual(['ip=dhcp (preset alpine)', 'flag (preset alpine)']);
    expect(told('quiet', preset, later)).toEqual([
      ...['quiet (image)', 'ip=10.0.0.1::10.0.0.254 (1)', 'ip=10.1.0.1 (1)', 'flag=0 (1)'],
    ]);
    expect(told('ip=off', { append: ['ip=x'] })).toEqual(['ip=off (image)', 'ip=x (0)']);
  });

  it('is word for word what the texts give, whatever the layers are', () => {
    const unit = fc.constantFrom('a', 'b', '=', '"', ' ', '-', '--', ' -- ', '\n', '\0', 'a=1', ' b=2 ');
    const text = fc.string({ unit, maxLength: 6 });
    const change = fc.record({
      append: fc.array(text, { maxLength: 3 }),
      remove: fc.array(text, { maxLength: 2 }),
      replace: fc.dictionary(fc.constantFrom('a', 'b', '--', '"a'), text, { maxKeys: 2 }),
    });
    fc.assert(
      fc.property(text, fc.array(change, { maxLength: 4 }), (own, changes) => {
        const words = merge(own, ...changes);
        expect(words.map((word) => word.text).join(' ')).toBe(
          changes.reduce(editCommandLine, editCommandLine(own, {})),
        );
        expect(words.every(({ from }) => from === 'image' || Number(from) < changes.length)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
