import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grubMenuEntry } from '../../src/image/grub-menu.js';

const entry = (title: string, ...lines: string[]) => [`menuentry ${title} {`, ...lines, '}'].join('\n');
const LIVE = entry("'Live'", 'set gfxpayload=keep', 'linux /casper/vmlinuz quiet ---', 'initrd /casper/initrd');

it('takes the first entry, and what it says word for word', () => {
  expect(grubMenuEntry(`set timeout=30\n${LIVE}\n${entry('"Other"', 'linux /other')}`)).toEqual({
    title: 'Live',
    kernel: '/casper/vmlinuz',
    initrds: ['/casper/initrd'],
    commandLine: 'quiet ---',
    leftOut: [],
  });
});

describe('the default', () => {
  const ENTRIES = [
    entry("'Check'", 'linux /check'),
    `submenu 'More' {\n${entry("'Inner'", 'linux /inner')}\n}`,
    entry("'Install' --class linux --id install", 'linux /install'),
  ].join('\n');

  it.each([
    ['by its number, submenus counting once', 'set default=2', '/install'],
    ['by its number in quotes', 'set default="2"', '/install'],
    ['by its id', 'set default=install', '/install'],
    ['by its title, where it has no id', 'set default="Check"', '/check'],
    ['in a submenu: its first', 'set default=1', '/inner'],
    ['that is a variable: the first', 'set default="${saved_entry}"', '/check'],
    ['that there is not: the first', 'set default=9', '/check'],
  ])('is found %s', (_how, line, kernel) => {
    expect(grubMenuEntry(`${line}\n${ENTRIES}`)?.kernel).toBe(kernel);
  });
});

it.each(['linuxefi', 'linux16'])('knows %s', (command) => {
  const initrd = command.replace('linux', 'initrd');
  const text = entry('x', `  ${command}\t(cd0)/vmlinuz a`, `  ${initrd}  /ucode.img (hd0,1)/initrd.img`);
  expect(grubMenuEntry(text)).toMatchObject({ kernel: '/vmlinuz', initrds: ['/ucode.img', '/initrd.img'] });
});

it('takes quotes, escapes, comments and several commands in a line as GRUB does', () => {
  const line = `linux /k "a b"=1 c='d $e' f\\ g h#i \\$j # comment; linux /other`;
  const text = entry('x', '# linux /not', `echo 'Loading' ; ${line}`, 'initrd \\', '  /i');
  expect(grubMenuEntry(text)).toMatchObject({
    kernel: '/k',
    initrds: ['/i'],
    commandLine: '"a b=1" "c=d $e" "f g" h#i $j',
    leftOut: [],
  });
});

it('leaves arguments out that are for GRUB to work out', () => {
  const text = entry('x', 'linux /k boot=live findiso=${iso_path} "$more" quiet', 'initrd /i');
  expect(grubMenuEntry(text)).toMatchObject({
    commandLine: 'boot=live quiet',
    leftOut: ['findiso=${iso_path}', '$more'],
  });
});

it.each([
  ['nothing', ''],
  ['no entries', 'set default=0\nsource /boot/grub/menu.cfg\nlinux /outside'],
  ['no kernel', entry('x', 'chainloader /EFI/BOOT/BOOTX64.EFI')],
  ['a kernel by a variable', entry('x', 'linux $prefix/vmlinuz', 'initrd /i')],
  ['an initramfs by a variable', entry('x', 'linux /vmlinuz', 'initrd ${dir}/i')],
  ['a command without a path', entry('x', 'linux')],
])('finds none where there is %s', (_what, text) => {
  expect(grubMenuEntry(text)).toBeUndefined();
});

it('goes on to the next where the default says nothing literal', () => {
  expect(grubMenuEntry(`${entry('x', 'linux $a')}\n${LIVE}`)?.title).toBe('Live');
});

it('takes any text in time that grows with its length', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`linux menuentry{}'"$\\;#\n /`), maxLength: 400 }), (text) => {
      const found = grubMenuEntry(text);
      expect(found?.kernel ?? '').not.toContain('\n');
    }),
  );
  const hostile = ["'".repeat(200_000), '"\\'.repeat(100_000), '{\n'.repeat(100_000), '\\'.repeat(200_001)];
  for (const text of hostile) expect(grubMenuEntry(text)).toBeUndefined();
});
