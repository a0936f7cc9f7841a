import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoImage } from './iso.js';
import { efiImage, GRUB_MENU, grubImage } from './iso-loaders.js';
import { grubFolder } from './parts.js';
import { discInitramfs, payloadFiles } from './payload.js';

/** @typedef {import('./parts.js').Architecture} Architecture */
/** What makes an ISO boot. @typedef {Required<Pick<import('./iso.js').MadeIso, 'files' | 'options'>>} Bootable */

/**
 * In its GRUB menu: the payload's arguments, and one that has to come through as it is.
 * @type {Readonly<Record<Architecture, string>>}
 */
export const ISO_ARGUMENTS = {
  amd64: 'console=ttyS0 panic=-1 quiet note="of an ISO"',
  arm64: 'console=ttyAMA0 panic=-1 quiet note="of an ISO"',
};

/** @type {Readonly<Record<Architecture, import('./parts.js').GrubPlatform>>} */
const EFI_GRUB = { amd64: 'x86_64-efi', arm64: 'arm64-efi' };
const [BIOS_IMAGE, EFI_IMAGE] = ['boot/grub/bios.img', 'boot/grub/efi.img'];

/**
 * An ISO as systems are handed out: the payload in two initrds, and a menu of a real GRUB that starts it with `ISO_ARGUMENTS`. UEFI
 * boots it, and a BIOS that of amd64, as a CD and as a disk.
 * @param {Architecture} architecture
 */
export async function grubIso(architecture) {
  const { kernel, initramfs } = payloadFiles(architecture);
  const menu = [
    ...['set default=0', 'set timeout=0', 'menuentry "Payload" {'],
    ...[`  linux /boot/vmlinuz ${ISO_ARGUMENTS[architecture]} $more`, '  initrd /boot/initrd /boot/disc', '}'],
  ];
  const forBios = architecture === 'amd64' ? await biosBoot() : { files: {}, options: [] };
  const forEfi = await efiBoot(architecture);
  const files = {
    [GRUB_MENU]: `${menu.join('\n')}\n`,
    'boot/vmlinuz': readFileSync(kernel),
    'boot/initrd': readFileSync(initramfs),
    'boot/disc': discInitramfs(architecture),
    ...forBios.files,
    ...forEfi.files,
  };
  return isoImage({ files, options: [...forBios.options, ...forEfi.options] });
}

/** By a BIOS, as a CD, and by its first sector as a disk. @returns {Promise<Bootable>} */
async function biosBoot() {
  const sector = join(grubFolder('i386-pc'), 'boot_hybrid.img');
  const tables = ['-no-emul-boot', '-boot-load-size', '4', '-boot-info-table', '--grub2-boot-info'];
  return {
    files: { [BIOS_IMAGE]: await grubImage('i386-pc') },
    options: ['-b', BIOS_IMAGE, ...tables, '--grub2-mbr', sector],
  };
}

/**
 * By UEFI, as a CD, and by a partition as a disk.
 * @param {Architecture} architecture @param {Buffer} [started] in place of a GRUB
 * @returns {Promise<Bootable>}
 */
export async function efiBoot(architecture, started) {
  const image = await efiImage(architecture, started ?? (await grubImage(EFI_GRUB[architecture])));
  const options = ['--efi-boot', EFI_IMAGE, '-efi-boot-part', '--efi-boot-image', '--protective-msdos-label'];
  return { files: { [EFI_IMAGE]: image }, options };
}
