import { kernelArguments, placeholdersIn } from '../image/command-line.js';
import type { Artifact } from '../image/image.js';
import { INTO_MEMORY } from '../image/presets.js';
import type { MachineFacts } from '../machine/facts.js';
import { type BootPlan, type IsoPlan, kernelArgsOf } from './plan.js';

/** How much memory a boot takes at least, in bytes, and `what` for: what the system needs to run comes on top, and is not known. */
export type MemoryNeed = { readonly bytes: number; readonly what: string };

/** A machine is known to have less than its boot takes at least. Both are bytes. */
export type MemoryShortage = { readonly needed: number; readonly has: number };

/**
 * By the sizes of files alone, which is too little and never too much: what is packed is taken to unpack to no more than its own size.
 * Undefined where nothing is known. Pure.
 */
export function memoryNeed(plan: BootPlan): MemoryNeed | undefined {
  switch (plan.kind) {
    case 'kernel':
      return ofKernel(plan.kernel, plan.initramfs, fetchedBy(plan));
    case 'uki':
      return ofUki(plan.uki, fetchedBy(plan));
    case 'iso':
      return ofIso(plan);
  }
}

/** Undefined where the machine has enough, or either is not known. Pure. */
export function memoryShortage(
  need: MemoryNeed | undefined,
  { memory }: Pick<MachineFacts, 'memory'>,
): MemoryShortage | undefined {
  const isKnown = need !== undefined && memory !== undefined;
  return isKnown && memory < need.bytes ? { needed: need.bytes, has: memory } : undefined;
}

const MIB = 1024 * 1024;

/** For people, and the screens of machines. In MiB, rounded apart: the two may be close. */
export function describeShortage({ needed, has }: MemoryShortage): string {
  return `it needs at least ${Math.ceil(needed / MIB)} MiB of memory, and the machine has ${Math.floor(has / MIB)} MiB`;
}

/**
 * The kernel unpacks its initramfs while that still lies beside it, and frees it then (Linux: init/initramfs.c,
 * do_populate_rootfs); what the system fetches comes after that, and beside what was unpacked.
 */
function ofKernel(kernel: Artifact, initramfs: readonly Artifact[], fetched: readonly Artifact[]): MemoryNeed {
  const [packed, more] = [sizeOf(initramfs), sizeOf(fetched)];
  const bytes = sizeOf([kernel]) + packed + Math.max(packed, more);
  if (more > packed) return { bytes, what: `its kernel, its initramfs, and ${namesOf(fetched)}` };
  return { bytes, what: packed === 0 ? 'its kernel' : 'its kernel, and its initramfs packed and unpacked' };
}

/**
 * Who loads a program of UEFI still has its file (edk2: UefiBootManagerLib/BmBoot.c; iPXE: src/image/efi_image.c). Once its kernel
 * runs, kernel and unpacked initramfs are no less than the UKI was.
 */
function ofUki(uki: Artifact, fetched: readonly Artifact[]): MemoryNeed {
  const [own, more] = [sizeOf([uki]), sizeOf(fetched)];
  const what = more > own ? `its UKI, and ${namesOf(fetched)}` : 'its UKI, as a file and loaded';
  return { bytes: own + Math.max(own, more), what };
}

/**
 * The memory of a disc of firmware is reserved for as long as the machine runs (UEFI 2.10, 24.7.3.2); one of iPXE takes none. A loader
 * reads kernel and initramfs out of either.
 */
function ofIso({ iso, by, loads }: IsoPlan): MemoryNeed | undefined {
  const loaded = loads && loads.kernel + 2 * loads.initramfs;
  if (by === 'ipxe')
    return loaded === undefined ? undefined : { bytes: loaded, what: 'the kernel and initramfs in its ISO' };
  const disc = sizeOf([iso]);
  return loaded === undefined
    ? { bytes: disc, what: 'its ISO as a disc' }
    : { bytes: disc + loaded, what: 'its ISO as a disc, and the kernel and initramfs in it' };
}

/** What its kernel arguments have the system fetch into memory. Arguments that are not known may do as much, or fetch what they write to a disk. */
function fetchedBy(plan: BootPlan): readonly Artifact[] {
  const words = kernelArguments(kernelArgsOf(plan)).filter((word) => INTO_MEMORY.has(word));
  const names = new Set(words.flatMap(placeholdersIn));
  return plan.extras.filter(({ role }) => names.has(`blob.${role}.url`));
}

function namesOf(fetched: readonly Artifact[]): string {
  return `the ${fetched.map(({ role }) => (role === 'iso' ? 'ISO' : role)).join(' and ')} that it fetches`;
}

function sizeOf(artifacts: readonly Artifact[]): number {
  return artifacts.reduce((sum, { descriptor, part }) => sum + (part?.length ?? descriptor.size), 0);
}
