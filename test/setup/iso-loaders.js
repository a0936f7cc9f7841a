import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.js';
import { grubFolder, program } from './parts.js';

/** @typedef {import('./parts.js').Architecture} Architecture */
/** @typedef {import('./parts.js').GrubPlatform} GrubPlatform */

/** Where GRUB looks for its menu. */
export const GRUB_MENU = 'boot/grub/grub.cfg';

/** It begins in what the firmware has loaded, which is not where the menu is. */
const TO_THE_MENU = `search --no-floppy --set=root --file /${GRUB_MENU}\nset prefix=($root)/boot/grub\n`;
const MODULES = 'normal configfile search search_fs_file iso9660 linux echo test'.split(' ');
/** How firmware gives it its disc. @type {Readonly<Record<GrubPlatform, readonly string[]>>} */
const MEDIA = {
  'i386-pc': ['biosdisk'],
  'x86_64-efi': ['part_gpt', 'part_msdos', 'fat'],
  'arm64-efi': ['part_gpt', 'part_msdos', 'fat'],
};
const EFI_PROGRAMS = { amd64: 'BOOTX64.EFI', arm64: 'BOOTAA64.EFI' };
const [MEBIBYTE, SECTOR] = [1024 * 1024, 512];

/**
 * A GRUB that shows the menu of the disc it is started from: a program for UEFI, or what a BIOS boots of a CD (El Torito).
 * @param {GrubPlatform} platform @returns {Promise<Buffer>}
 */
export async function grubImage(platform) {
  return inScratch(async (folder) => {
    writeFileSync(join(folder, 'early.cfg'), TO_THE_MENU);
    const format = platform === 'i386-pc' ? 'i386-pc-eltorito' : platform;
    const args = ['-O', format, '-d', grubFolder(platform), '-p', '/boot/grub', '-c', 'early.cfg', '-o', 'grub'];
    await runProgram('grub-mkimage', [...args, ...MEDIA[platform], ...MODULES], folder);
    return readFileSync(join(folder, 'grub'));
  });
}

/**
 * A FAT file system with a program that UEFI starts by itself (UEFI 2.10, 3.5.1.1).
 * @param {Architecture} architecture @param {Buffer} contents @returns {Promise<Buffer>}
 */
export async function efiImage(architecture, contents) {
  return inScratch(async (folder) => {
    writeFileSync(join(folder, 'program'), contents);
    const mebibytes = Math.ceil(contents.length / MEBIBYTE) + 2;
    const mtools = (/** @type {string[]} */ ...args) => runProgram('mtools', ['-c', ...args], folder);
    await mtools('mformat', '-C', '-i', 'fat', '-T', String((mebibytes * MEBIBYTE) / SECTOR), '::');
    await mtools('mmd', '-i', 'fat', '::/EFI', '::/EFI/BOOT');
    await mtools('mcopy', '-i', 'fat', 'program', `::/EFI/BOOT/${EFI_PROGRAMS[architecture]}`);
    return readFileSync(join(folder, 'fat'));
  });
}

/** @param {'grub-mkimage' | 'mtools'} name @param {readonly string[]} args @param {string} folder */
async function runProgram(name, args, folder) {
  const { command, libraryPath } = program(name);
  await run(command, args, { cwd: folder, env: { LD_LIBRARY_PATH: libraryPath, HOME: folder } });
}

/** @template T @param {(folder: string) => Promise<T>} work @returns {Promise<T>} */
async function inScratch(work) {
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-loader-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
