import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type ReadIso, readIso } from '../../src/image/iso.js';
import type { OpenedIso } from '../../src/image/iso-opening.js';
import { rangesOf } from '../fixtures/ranges.js';
import { isoImage, type MadeIso } from '../setup/iso.js';

const GRUB = (linux: string, initrd: string) => `menuentry 'Live' {\n linux ${linux}\n initrd ${initrd}\n}\n`;
const toLocale = String.prototype.toLocaleLowerCase;
const CASPER = { 'casper/vmlinuz': 'kernel', 'casper/initrd': 'initramfs' };

async function read(made: MadeIso['files'] | Buffer): Promise<ReadIso> {
  return readIso(rangesOf(Buffer.isBuffer(made) ? made : await isoImage({ files: made, options: [] })));
}

async function opened(files: MadeIso['files']): Promise<OpenedIso> {
  const found = await read(files);
  if (found.kind !== 'iso' || found.iso.opening.kind !== 'opened') throw new Error(JSON.stringify(found));
  return found.iso.opening;
}

async function reasonOf(files: MadeIso['files']): Promise<string> {
  const found = await read(files);
  if (found.kind !== 'iso' || found.iso.opening.kind !== 'closed') throw new Error(JSON.stringify(found));
  return found.iso.opening.reason;
}

it('says what it is and which firmware boots it', async () => {
  const files = { ...CASPER, 'boot.bin': Buffer.alloc(2_048), 'efi.img': Buffer.alloc(2_048) };
  const boots = ['-b', 'boot.bin', '-no-emul-boot', '-eltorito-alt-boot', '-e', 'efi.img', '-no-emul-boot'];
  const bytes = await isoImage({ files, options: [...boots, '--protective-msdos-label'] });
  expect(await read(bytes)).toMatchObject({
    kind: 'iso',
    iso: { label: 'TESTISO', firmware: ['bios', 'uefi'], isHybrid: true, opening: { kind: 'opened' } },
  });
});

it('is refused where it is none, or is cut off', async () => {
  expect(await read(Buffer.from('kernel'))).toEqual({
    kind: 'refused',
    reason: 'it is no ISO 9660 image',
    isIso: false,
  });
  const whole = await isoImage({ files: CASPER, options: [] });
  expect(await read(whole.subarray(0, 18 * 2_048))).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(/^it is cut off: of its \d.*, \d.* are missing$/) as string,
  });
});

describe('what is started of it', () => {
  it('is what GRUB starts by default, word for word', async () => {
    const text = GRUB('/casper/vmlinuz boot=casper $more quiet ---', '/casper/initrd');
    const found = await opened({ ...CASPER, 'boot/grub/grub.cfg': text });
    expect(found).toMatchObject({
      by: 'grub',
      menu: { file: '/boot/grub/grub.cfg', title: 'Live' },
      kernel: { path: '/casper/vmlinuz', part: { length: 6 }, facts: { kind: 'unknown' } },
      initrds: [{ path: '/casper/initrd', part: { length: 9 } }],
      commandLine: 'boot=casper quiet ---',
      leftOut: ['$more'],
      preset: 'ubuntu-casper',
    });
  });

  it("is what isolinux starts, where GRUB's says nothing", async () => {
    const text = 'default live\nlabel live\n kernel vmlinuz\n append initrd=initrd.img quiet';
    const files = { 'isolinux/isolinux.cfg': text, 'isolinux/vmlinuz': 'k', 'isolinux/initrd.img': 'i' };
    expect(await opened({ ...files, 'boot/grub/grub.cfg': 'source x' })).toMatchObject({
      by: 'isolinux',
      kernel: { path: '/isolinux/vmlinuz' },
      commandLine: 'quiet',
    });
  });

  it('is by the layout, where a menu names what there is not', async () => {
    const found = await opened({ ...CASPER, 'boot/grub/grub.cfg': GRUB('/casper/vmlinux', '/casper/initrd') });
    expect(found).toMatchObject({ by: 'layout', kernel: { path: '/casper/vmlinuz' }, commandLine: '' });
  });

  it('is what the operator says', async () => {
    const file = rangesOf(await isoImage({ files: { ...CASPER, 'own/k': 'mine', 'own/i': '' }, options: [] }));
    const wished = { kernel: '/own/k', initramfs: ['own/i'] };
    expect(await readIso(file, wished)).toMatchObject({
      iso: { opening: { by: 'assignment', kernel: { path: '/own/k' }, initrds: [{ path: '/own/i' }] } },
    });
    expect(await readIso(file, { kernel: '/OWN/K', initramfs: [] })).toMatchObject({
      iso: { opening: { by: 'assignment', kernel: { path: '/OWN/K', part: { length: 4 } }, initrds: [] } },
    });
    expect(await readIso(file, { ...wished, initramfs: ['/own/i', '/own'] })).toMatchObject({
      iso: {
        opening: {
          kind: 'closed',
          reason: '/own, which iso.initramfs of the assignment names, is not in it',
          namedBy: 'iso.initramfs',
        },
      },
    });
    expect(await readIso(file, { ...wished, kernel: '/own/x' })).toMatchObject({
      iso: {
        opening: {
          kind: 'closed',
          reason: '/own/x, which iso.kernel of the assignment names, is not in it',
          namedBy: 'iso.kernel',
        },
      },
    });
  });

  it.each([
    ['Ubuntu (casper)', CASPER, undefined],
    [
      'Debian live',
      { 'live/vmlinuz-6.1.0-1-amd64': 'k', 'live/initrd.img-6.1.0-1-amd64': 'i', 'live/filesystem.squashfs': 's' },
      '/live/filesystem.squashfs',
    ],
    ["Debian's installer", { 'install.a64/vmlinuz': 'k', 'install.a64/initrd.gz': 'i' }, undefined],
    [
      'Fedora CoreOS',
      { 'images/pxeboot/vmlinuz': 'k', 'images/pxeboot/initrd.img': 'i', 'images/pxeboot/rootfs.img': 'r' },
      '/images/pxeboot/rootfs.img',
    ],
    [
      'Fedora live',
      { 'images/pxeboot/vmlinuz': 'k', 'images/pxeboot/initrd.img': 'i', 'LiveOS/squashfs.img': 'r' },
      '/LiveOS/squashfs.img',
    ],
    ["Fedora's or RHEL's installer", { 'images/pxeboot/vmlinuz': 'k', 'images/pxeboot/initrd.img': 'i' }, undefined],
    ['Arch Linux', { 'arch/boot/x86_64/vmlinuz-linux': 'k', 'arch/boot/x86_64/initramfs-linux.img': 'i' }, undefined],
    ['Alpine', { 'boot/vmlinuz-lts': 'k', 'boot/initramfs-lts': 'i', 'boot/modloop-lts': 'm' }, '/boot/modloop-lts'],
    ['Flatcar', { 'flatcar/vmlinuz': 'k', 'flatcar/cpio.gz': 'i' }, undefined],
    ['Talos', { 'boot/vmlinuz': 'k', 'boot/initramfs.xz': 'i' }, undefined],
  ])('is known by the layout of %s', async (system, files, root) => {
    const found = await opened(files);
    const [kernel, initrd] = Object.keys(files);
    expect(found).toMatchObject({
      by: 'layout',
      system,
      kernel: { path: `/${kernel}` },
      initrds: [{ path: `/${initrd}` }],
    });
    expect(found.root?.path).toBe(root);
  });

  it('is of no known system where kernel and initramfs are not both where that has them', async () => {
    const found = await opened({
      'boot/vmlinuz': 'k',
      'boot/i': 'i',
      'boot/grub/grub.cfg': GRUB('/boot/vmlinuz', '/boot/i'),
    });
    expect(found).not.toHaveProperty('system');
    expect(found).not.toHaveProperty('preset');
  });

  it('is nothing where nothing is known', async () => {
    expect(await reasonOf({ 'EFI/BOOT/x': '' })).toBe(
      'none of its menus names a kernel, and none lies where known systems have theirs',
    );
    expect(await reasonOf({ 'boot/grub/grub.cfg': GRUB('/k', '/i'), k: '' })).toBe(
      '/i, which /boot/grub/grub.cfg names, is not in it',
    );
    const many = Array<string>(17).fill('/k').join(' ');
    expect(await reasonOf({ 'boot/grub/grub.cfg': GRUB('/k', many), k: '' })).toBe('it has more initrds than 16');
  });

  it('is never a menu of more than 256 KiB', async () => {
    const text = `${GRUB('/k', '/i')}${'#'.repeat(256 * 1024)}`;
    expect(await reasonOf({ 'boot/grub/grub.cfg': text, k: '', i: '' })).toMatch(/^none of its menus/);
  });
});

it('reads little of it', async () => {
  const files = { ...CASPER, 'casper/filesystem.squashfs': Buffer.alloc(32 * 1024 * 1024) };
  const file = rangesOf(
    await isoImage({ files: { ...files, 'boot/grub/grub.cfg': GRUB('/casper/vmlinuz', '/casper/initrd') } }),
  );
  await readIso(file);
  expect(file.parts.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(64 * 1024);
  expect(file.parts.length).toBeLessThan(20);
});

describe('hostile images', () => {
  const ISOLINUX = 'label live\n kernel vmlinuz\n append initrd=initrd quiet';
  const made = isoImage({
    files: {
      ...CASPER,
      'boot/grub/grub.cfg': GRUB('/casper/vmlinuz', '/casper/initrd'),
      'isolinux/isolinux.cfg': ISOLINUX,
      'efi.img': Buffer.alloc(2_048),
    },
    options: ['-J', '-e', 'efi.img', '-no-emul-boot'],
  });

  it('are read with bounded effort, whatever of them is changed or cut off', async () => {
    const bytes = await made;
    const begin = 16 * 2_048;
    const change = fc.tuple(fc.nat({ max: 60 * 2_048 }), fc.nat({ max: 255 }));
    const changes = fc.array(change, { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat({ max: bytes.length }), fc.boolean(), async (all, length, isCut) => {
        const copy = Buffer.from(isCut ? bytes.subarray(0, length) : bytes);
        for (const [at, value] of all) if (begin + at < copy.length) copy[begin + at] = value;
        const file = rangesOf(copy);
        const found = await readIso(file);
        expect(file.parts.length).toBeLessThan(300);
        if (found.kind !== 'iso' || found.iso.opening.kind !== 'opened') return;
        const { kernel, initrds } = found.iso.opening;
        for (const { part } of [kernel, ...initrds]) expect(part.offset + part.length).toBeLessThanOrEqual(copy.length);
      }),
      { numRuns: 400 },
    );
  });
});

describe('a hostile ISO', () => {
  it('says in a few lines why nothing of it is started', async () => {
    const menu = `menuentry a {\nlinux /live/\u001b[31m${'k'.repeat(60_000)}\n}\n`;
    const found = await read({ 'boot/grub/grub.cfg': menu });
    expect(found).toMatchObject({
      iso: { opening: { reason: 'a path, which /boot/grub/grub.cfg names, is longer than 1024' } },
    });
  });

  it('has no names of several lines', async () => {
    const name = 'live/vmlinuz-1\nmachine node-02 boots nothing';
    const files = { [name]: 'x', 'live/initrd.img': 'x', 'live/filesystem.squashfs': 'x' };
    expect(await reasonOf(files)).toContain('none lies where known systems have theirs');
  });

  it('has its folders looked through once, however many layouts look there', async () => {
    const files = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`live/vmlinux-${n}`, '']));
    const whole = await isoImage({
      files: { ...files, 'live/vmlinuz-6': 'kernel', 'live/initrd.img': 'i' },
      options: [],
    });
    let folded = 0;
    const toLowerCase = vi.spyOn(String.prototype, 'toLowerCase').mockImplementation(function (this: string) {
      folded += 1;
      return toLocale.call(this);
    });
    try {
      await readIso(rangesOf(whole));
    } finally {
      toLowerCase.mockRestore();
    }
    expect(folded).toBeLessThan(3_000 * 2);
  });
});
