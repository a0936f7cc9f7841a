import { expect, it } from 'vitest';
import { howFound, isoLines } from '../../src/cli/iso-lines.js';
import type { OpenedIso } from '../../src/image/iso-opening.js';

const OPENED: OpenedIso = {
  kind: 'opened',
  by: 'grub',
  menu: { file: '/boot/grub/grub.cfg', title: 'Live\x1b[2J' },
  kernel: {
    path: '/live/vmlinuz',
    part: { offset: 2_048, length: 8 * 1024 * 1024 },
    facts: { kind: 'bzimage', architecture: 'amd64', hasEfiStub: true },
  },
  initrds: [{ path: '/live/initrd.img', part: { offset: 4_096, length: 100 } }],
  root: { path: '/live/filesystem.squashfs', part: { offset: 8_192, length: 2_048 } },
  commandLine: 'boot=live',
  leftOut: ['findiso=${iso_path}'],
  system: 'Debian live',
  preset: 'debian-live',
};

it('says what an ISO is, what of it is started, and how that was found', () => {
  const iso = { label: 'DEBIAN', firmware: ['bios', 'uefi'], isHybrid: true, opening: OPENED } as const;
  expect(isoLines({ kind: 'iso', iso })).toEqual([
    'DEBIAN, boots on BIOS, UEFI, a disk as well',
    'opened by /boot/grub/grub.cfg, entry "Live?[2J": Debian live',
    'kernel /live/vmlinuz 8.0 MiB, a bzImage, for amd64, with an EFI stub',
    'initramfs /live/initrd.img 100 B',
    'root /live/filesystem.squashfs 2.0 KiB',
    'cmdline boot=live',
    'left out, being for its loader to work out: findiso=${iso_path}',
  ]);
});

it('says why it is not opened, and what it will miss', () => {
  const closed = {
    label: '',
    firmware: [],
    isHybrid: false,
    opening: { kind: 'closed', reason: 'no kernel' },
  } as const;
  expect(isoLines({ kind: 'iso', iso: closed })).toEqual(['boots as a CD nowhere', 'not opened: no kernel']);
  const iso = { ...closed, opening: { ...OPENED, leftOut: [], wants: 'it looks for a CD' } };
  expect(isoLines({ kind: 'iso', iso }).at(-1)).toBe('without it as a medium: it looks for a CD');
  expect(isoLines({ kind: 'refused', reason: 'it is no ISO 9660 image' })).toEqual([
    'its ISO cannot be used: it is no ISO 9660 image',
  ]);
});

it.each<[Partial<OpenedIso>, string]>([
  [{ by: 'assignment' }, 'by the assignment'],
  [{ by: 'layout', system: "Debian's installer" }, "as Debian's installer has it"],
  [
    { by: 'isolinux', menu: { file: '/isolinux/isolinux.cfg', title: 'live' } },
    'by /isolinux/isolinux.cfg, entry "live"',
  ],
])('says how it was found: %j', (opened, text) => {
  const { menu: _menu, system: _system, ...rest } = OPENED;
  expect(howFound({ ...rest, ...opened })).toBe(text);
});
