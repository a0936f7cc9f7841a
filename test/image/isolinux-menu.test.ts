import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isolinuxMenuEntry } from '../../src/image/isolinux-menu.js';

const parse = (...lines: string[]) => isolinuxMenuEntry(lines.join('\n'), '/isolinux');

it('takes the label that is the default, and its initramfs out of its arguments', () => {
  const found = parse(
    'DEFAULT live',
    'LABEL check',
    '  KERNEL /check',
    'label live',
    '  menu label ^Try it',
    '  kernel /casper/vmlinuz',
    '  append  initrd=/casper/ucode,/casper/initrd boot=casper   quiet --',
  );
  expect(found).toEqual({
    title: 'Try it',
    kernel: '/casper/vmlinuz',
    initrds: ['/casper/ucode', '/casper/initrd'],
    commandLine: 'boot=casper quiet --',
    leftOut: [],
  });
});

it.each([
  [
    'that its menu says',
    ['default vesamenu.c32', 'label a', 'kernel /a', 'label b', 'menu default', 'kernel /b'],
    '/b',
  ],
  ['the first kernel, where the default is a module', ['default vesamenu.c32', 'label a', 'linux /a'], '/a'],
  [
    'the first kernel, where the default is none',
    ['default x', 'label x', 'kernel chain.c32', 'label a', 'linux /a'],
    '/a',
  ],
  ['beside the configuration', ['label a', 'kernel vmlinuz'], '/isolinux/vmlinuz'],
  ['beside it, but higher', ['label a', 'kernel ../boot/vmlinuz'], '/boot/vmlinuz'],
])('takes the default %s', (_what, lines, kernel) => {
  expect(parse(...lines)?.kernel).toBe(kernel);
});

it('takes the arguments of all labels where one has none, and INITRD before initrd=', () => {
  expect(parse('append quiet', 'label a', 'kernel k')?.commandLine).toBe('quiet');
  expect(parse('append quiet', 'label a', 'kernel k', 'append -')?.commandLine).toBe('');
  const found = parse('label a', 'kernel k', 'initrd i', 'append initrd=other ro');
  expect([found?.initrds, found?.commandLine]).toEqual([['/isolinux/i'], 'ro']);
});

it('finds none where no label starts a kernel', () => {
  expect(parse('')).toBeUndefined();
  expect(parse('include menu.cfg', 'default vesamenu.c32')).toBeUndefined();
  expect(parse('label a', 'kernel')).toBeUndefined();
  expect(parse('label memtest', 'kernel memtest.bin', 'label local', 'localboot 0')).toBeUndefined();
});

it('takes no folder for a kernel', () => {
  expect(parse('label a', 'kernel /', 'label b', 'kernel live/', 'label c', 'kernel /c')).toMatchObject({
    kernel: '/c',
  });
});

it('takes any text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('label ', 'kernel ', 'append ', 'default ', 'x', '/', '\n', ' ') }),
      (text) => {
        const found = isolinuxMenuEntry(text, '/');
        expect(found === undefined || /^\/./.test(found.kernel)).toBe(true);
      },
    ),
  );
});

it('is read in one go, however many blanks a line has', () => {
  // Of each, all that follow were looked at: minutes of it.
  const blanks = ' '.repeat(256 * 1024);
  expect(parse('label a', `kernel /a${blanks}b`, `append${blanks}quiet${blanks}`)).toMatchObject({
    kernel: `/a${blanks}b`,
    commandLine: 'quiet',
  });
});
