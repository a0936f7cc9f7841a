import { architectureOfMachine } from '../image/efi-machine.js';
import { kernelFacts } from '../image/kernel-kind.js';
import type { ReadPe } from '../image/pe-file.js';

/** What a UKI needs to know of its kernel. */
export type UkiKernel =
  | {
      readonly kind: 'kernel';
      /** As `uname -r` says it; undefined where its beginning does not say. */
      readonly uname?: string;
      /** What it takes up once it is loaded, in bytes. */
      readonly memorySize?: number;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly remedy: string };

/** How much of its beginning is looked at: the version of a bzImage is below 64 KiB. */
export const UKI_KERNEL_HEAD_BYTES = 80 * 1024;
/** Of a bzImage: two bytes that lead to its version, from there on. */
const [VERSION_POINTER, VERSION_BASE] = [0x20e, 0x200];
const MOST_VERSION_BYTES = 256;
/** Where the header of a program says what it takes up in memory. */
const IMAGE_SIZE = 80;

/**
 * Pure: whether a stub of that architecture starts the kernel. `head`: its beginning; `pe`: what `readPe` says of it
 * (Linux: Documentation/admin-guide/efi-stub.rst).
 */
export function kernelForUki(head: Buffer, pe: ReadPe, architecture: string): UkiKernel {
  const facts = kernelFacts(head);
  if (facts.kind === 'gzip') return refused('is packed by gzip, which no stub unpacks', 'unpack it with gunzip');
  if (pe.kind === 'broken') return refused(`is damaged: ${pe.reason}`, 'name a whole kernel');
  if (pe.kind === 'other') {
    const what = facts.kind === 'unknown' ? 'is no Linux kernel that UEFI starts' : 'has no EFI stub';
    return refused(what, 'name a vmlinuz, bzImage or Image that was built with CONFIG_EFI_STUB');
  }
  const { machine, sections } = pe.file;
  if (sections.some(({ name }) => name === '.linux'))
    return refused('is a unified kernel image itself', 'name it with --uki');
  const its = facts.architecture ?? architectureOfMachine(machine);
  if (its !== architecture) {
    const shown = its ?? `a machine that nobody here knows, 0x${machine.toString(16)}`;
    return refused(`is for ${shown}, and the image for ${architecture}`, 'name a kernel for the --platform');
  }
  const uname = facts.kind === 'bzimage' ? versionOf(head) : undefined;
  const memorySize = imageSizeOf(head);
  return { kind: 'kernel', ...(uname !== undefined && { uname }), ...(memorySize !== undefined && { memorySize }) };
}

/** `6.12.48+deb13-amd64`: what is before the first space (Linux: Documentation/arch/x86/boot.rst, kernel_version). */
function versionOf(head: Buffer): string | undefined {
  if (head.length < VERSION_POINTER + 2) return undefined;
  const pointer = head.readUInt16LE(VERSION_POINTER);
  if (pointer === 0) return undefined;
  const at = VERSION_BASE + pointer;
  return /^\d[!-~]*(?=[ \0])/.exec(head.toString('latin1', at, at + MOST_VERSION_BYTES))?.[0];
}

function imageSizeOf(head: Buffer): number | undefined {
  const at = head.readUInt32LE(0x3c) + IMAGE_SIZE;
  return at + 4 <= head.length ? head.readUInt32LE(at) : undefined;
}

function refused(reason: string, remedy: string): UkiKernel {
  return { kind: 'refused', reason, remedy };
}
