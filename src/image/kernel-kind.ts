import { architectureOfMachine } from './efi-machine.js';
import type { RangeReader } from './range-reader.js';

/** How a kernel is packed, which says by which clients it can be started. */
export type KernelKind =
  /** bzImage of PCs, which iPXE starts on BIOS and, by its EFI stub, on UEFI. */
  | 'bzimage'
  /** Image of arm64 or riscv64, with an EFI stub or without one. */
  | 'image'
  /** A program of UEFI that unpacks the kernel by itself (CONFIG_EFI_ZBOOT). */
  | 'zboot'
  /** `Image.gz`, which a loader is to unpack. */
  | 'gzip'
  /** Another program of UEFI: a UKI, say. */
  | 'efi'
  | 'unknown';

export type KernelFacts = {
  readonly kind: KernelKind;
  /** As OCI says it; undefined where its beginning does not say. */
  readonly architecture?: string;
  /** Whether UEFI starts it as it is. */
  readonly hasEfiStub: boolean;
  /** How long a command line it takes at most, without the closing NUL; undefined where its header does not say. */
  readonly mostArgumentBytes?: number;
};

/** Of a kernel, what `kernelFacts` looks at. */
export const KERNEL_HEAD_BYTES = 4_096;

/** Reads how it begins. Throws what the reader throws. */
export async function readKernel(file: RangeReader): Promise<KernelFacts> {
  return kernelFacts(await file.read(0, Math.min(KERNEL_HEAD_BYTES, file.size)));
}

/** Pure: by the beginning of its file (Linux: Documentation/arch/x86/boot.rst, arm64/booting.rst, riscv/boot-image-header.rst). */
export function kernelFacts(head: Buffer): KernelFacts {
  const hasEfiStub = textAt(head, 0, 2) === 'MZ';
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return { kind: 'gzip', hasEfiStub: false };
  if (hasEfiStub && textAt(head, 4, 4) === 'zimg') return { kind: 'zboot', hasEfiStub, ...machineOf(head) };
  if (textAt(head, 0x202, 4) === 'HdrS') return { kind: 'bzimage', hasEfiStub, ...pcOf(head), ...roomOf(head) };
  if (textAt(head, 0x38, 4) === 'ARM\x64') return { kind: 'image', architecture: 'arm64', hasEfiStub };
  if (textAt(head, 0x38, 4) === 'RSC\x05') return { kind: 'image', architecture: 'riscv64', hasEfiStub };
  return hasEfiStub ? { kind: 'efi', hasEfiStub, ...machineOf(head) } : { kind: 'unknown', hasEfiStub };
}

/** Of its EFI stub; undefined where the header is further down. */
function machineOf(head: Buffer): { readonly architecture?: string } {
  if (head.length < 0x40) return {};
  const at = head.readUInt32LE(0x3c);
  if (textAt(head, at, 4) !== 'PE\0\0' || head.length < at + 6) return {};
  const architecture = architectureOfMachine(head.readUInt16LE(at + 4));
  return architecture === undefined ? {} : { architecture };
}

/** `xloadflags` are there since 2.12 of the protocol; its first bit is that of 64 bits. */
function pcOf(head: Buffer): { readonly architecture?: string } {
  if (head.length < 0x238 || head.readUInt16LE(0x206) < 0x020c) return {};
  return { architecture: (head.readUInt16LE(0x236) & 1) === 1 ? 'amd64' : '386' };
}

/** What kernels took before their header said so (Linux: boot.rst, "The Kernel Command Line"): one that says less is no kernel's. */
const LEAST_ARGUMENT_BYTES = 255;

/** `cmdline_size` is there since 2.06 of the protocol. */
function roomOf(head: Buffer): { readonly mostArgumentBytes?: number } {
  if (head.length < 0x23c || head.readUInt16LE(0x206) < 0x0206) return {};
  const mostArgumentBytes = head.readUInt32LE(0x238);
  return mostArgumentBytes < LEAST_ARGUMENT_BYTES ? {} : { mostArgumentBytes };
}

function textAt(head: Buffer, at: number, length: number): string {
  return head.toString('latin1', at, at + length);
}
