import type { Starter } from './bootable.js';
import type { KernelFacts } from './kernel-kind.js';
import { againstArchitecture, type Obstacle, refused } from './obstacle.js';

/** What of a kernel stands against this client. Pure. */
export function againstKernel(kernel: KernelFacts, starter: Starter): Obstacle | undefined {
  const { client, architecture } = starter;
  if (!isKernelFor(kernel, starter)) return againstArchitecture('its kernel', kernel.architecture, architecture);
  return client === 'ipxe-bios' ? againstBios(kernel) : againstUefi(kernel, architecture);
}

/** Whether a kernel is of the machine's architecture, or says nothing of its own. Pure. */
export function isKernelFor({ architecture: its }: KernelFacts, { client, architecture }: Starter): boolean {
  // A PC of 64 bits starts one of 32, which its firmware must fit where that is UEFI.
  const isOld = client === 'ipxe-bios' && its === '386';
  return isOld || its === undefined || its === architecture;
}

function againstBios({ kind }: KernelFacts): Obstacle | undefined {
  if (kind === 'bzimage' || kind === 'unknown') return undefined;
  return refused('its kernel is no bzImage, which alone is started on a BIOS', 'give image build a vmlinuz of PCs');
}

/** Builds of iPXE for these unpack by gzip (ipxe: src/image/gzip.c; seen with Debian's of 2025 for arm64). */
const UNPACKING: ReadonlySet<string> = new Set(['arm64', 'riscv64']);

function againstUefi({ kind, hasEfiStub }: KernelFacts, architecture: string): Obstacle | undefined {
  if (kind === 'gzip')
    return UNPACKING.has(architecture)
      ? undefined
      : refused(`its kernel is packed by gzip, which iPXE for ${architecture} does not unpack`, 'unpack it by gunzip');
  if (kind === 'unknown' || hasEfiStub) return undefined;
  return refused(
    'its kernel has no EFI stub (CONFIG_EFI_STUB), and UEFI starts none without',
    'give image build one that has',
  );
}
