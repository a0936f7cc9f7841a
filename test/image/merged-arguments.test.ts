import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KernelArgs } from '../../src/image/command-line.js';
import { type ArgumentLayer, mergeArguments } from '../../src/image/merged-arguments.js';
import { editedCommandLine } from '../fixtures/edited-command-line.js';

const merge = (commandLine: string, ...changes: readonly KernelArgs[]) =>
  mergeArguments(
    { from: 'image', commandLine },
    changes.map((change, position) => ({ from: change.from ?? `${position}`, change })),
  );
/** `text (from)` of each word. */
const told = (...args: Parameters<typeof merge>) => merge(...args).map(({ text, from }) => `${text} (${from})`);

const line = (...args: Parameters<typeof merge>) =>
  merge(...args)
    .map(({ text }) => text)
    .join(' ');

describe('a change', () => {
  const base = 'root=/dev/sda1 quiet console=tty0 console=ttyS0';

  it.each<readonly [string, KernelArgs, string]>([
    ['nothing', {}, base],
    ['append', { append: ['ip=dhcp', 'a=b c'] }, `${base} ip=dhcp a=b c`],
    ['remove an argument', { remove: ['quiet', 'console=tty0'] }, 'root=/dev/sda1 console=ttyS0'],
    ['remove a key', { remove: ['console'] }, 'root=/dev/sda1 quiet'],
    ['replace', { replace: { console: 'ttyAMA0' } }, 'root=/dev/sda1 quiet console=ttyAMA0'],
    ['replace what is not there', { replace: { ip: 'dhcp' } }, `${base} ip=dhcp`],
    [
      'remove, then append the same',
      { remove: ['quiet'], append: ['quiet'] },
      'root=/dev/sda1 console=tty0 console=ttyS0 quiet',
    ],
  ])('%s', (_name, change, result) => expect(line(base, change)).toBe(result));

  it('leaves what belongs to init at the end', () => {
    expect(line('quiet -- single quiet', { append: ['ip=dhcp'], remove: ['quiet'] })).toBe('ip=dhcp -- single quiet');
  });

  it('takes quoted arguments for whole', () => {
    expect(line('dyndbg="file foo.c +p" quiet', { remove: ['file', 'quiet'] })).toBe('dyndbg="file foo.c +p"');
  });

  it('never leaves an argument it was told to remove', () => {
    const word = fc.stringMatching(/^[a-z]{1,4}(=[a-z0-9]{0,3})?$/);
    fc.assert(
      fc.property(fc.array(word), word, (words, gone) => {
        expect(merge(words.join(' '), { remove: [gone] }).map(({ text }) => text)).not.toContain(gone);
      }),
    );
  });
});

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
    const change = { replace: { ip: 'dhcp' }, append: ['flag'] };
    const preset = { from: 'alpine', change, isPreset: true } as const;
    const later = { from: 'later', change: { append: ['ip=10.0.0.1::10.0.0.254 ip=10.1.0.1', 'flag=0'] } };
    const of = (...layers: readonly ArgumentLayer[]) =>
      mergeArguments({ from: 'image', commandLine: 'ip=off' }, layers).map(({ text, from }) => `${text} (${from})`);
    expect(of(preset)).toEqual(['ip=dhcp (alpine)', 'flag (alpine)']);
    expect(of(preset, later)).toEqual(['ip=10.0.0.1::10.0.0.254 (later)', 'ip=10.1.0.1 (later)', 'flag=0 (later)']);
    expect(of(later)[0]).toBe('ip=off (image)');
  });

  it('lets nothing yield for how somebody calls himself', () => {
    const named = { from: 'preset mine', append: ['ip=dhcp'] };
    expect(told('', named, { append: ['ip=x'] })).toEqual(['ip=dhcp (preset mine)', 'ip=x (1)']);
  });

  it('says of words their text and from alone', () => {
    const layer = { from: 'alpine', change: { append: ['x'] }, isPreset: true } as const;
    expect(mergeArguments({ from: 'uki', commandLine: 'q' }, [layer])).toStrictEqual([
      { text: 'q', from: 'uki' },
      { text: 'x', from: 'alpine' },
    ]);
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
          changes.reduce(editedCommandLine, editedCommandLine(own, {})),
        );
        expect(words.every(({ from }) => from === 'image' || Number(from) < changes.length)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
