import type { SectionName } from './uki-layout.js';

/** What of a UKI comes from files as they are, beside the stub and the kernel. */
export const FILE_PARTS = [
  { name: 'os-release', section: '.osrel', most: 64 * 1024 },
  {
    name: 'dtb',
    section: '.dtb',
    mark: 'd00dfeed',
    is: 'a compiled device tree',
    remedy: 'compile its source by dtc -O dtb, or leave --dtb out',
  },
  {
    name: 'splash',
    section: '.splash',
    mark: '424d',
    is: 'a BMP picture',
    remedy: 'convert it to BMP, with ImageMagick or the like, or leave --splash out',
  },
  {
    // "0707", with which cpio archives begin: of a packed one the kernel takes no microcode.
    name: 'microcode',
    section: '.ucode',
    mark: '30373037',
    is: 'a cpio archive that is not packed',
    remedy: 'unpack it by gunzip, unxz or unzstd, pack plain files by cpio -o -H newc, or leave --microcode out',
  },
  { name: 'initramfs', section: '.initrd' },
] as const satisfies readonly Part[];

type Part = {
  readonly name: string;
  readonly section: SectionName;
  /** With which bytes it begins, in hex, and what it is then. */
  readonly mark?: string;
  readonly is?: string;
  /** Of what is something else. */
  readonly remedy?: string;
  /** In bytes: what is text is read whole by those who show it. */
  readonly most?: number;
};

export type FilePartName = (typeof FILE_PARTS)[number]['name'];

/** Pure: what is wrong with a file for that part, by its first bytes and its size. */
export function markProblem(
  { mark = '', is, remedy = 'name another file', most = Number.POSITIVE_INFINITY }: Part,
  head: Buffer,
  size: number,
): { readonly reason: string; readonly remedy: string } | undefined {
  if (!head.toString('hex').startsWith(mark)) return { reason: `is not ${is}`, remedy };
  if (size <= most) return undefined;
  return { reason: `has ${size} bytes, and ${most} are taken at most`, remedy: 'name a short text file' };
}
