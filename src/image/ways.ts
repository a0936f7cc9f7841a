import type { Bootable, Client } from './clients.js';
import type { KernelFacts } from './kernel-kind.js';
import type { Uki } from './uki.js';

/** How an image can be started: by its kernel and initramfs layers, by its UKI as it is, or by what its UKI holds. */
export const WAYS = ['kernel', 'uki', 'opened'] as const;
export type Way = (typeof WAYS)[number];

/** Who is to start it. */
export type Starter = {
  readonly client: Client;
  /** As OCI says it. */
  readonly architecture: string;
  /** Whether its firmware starts only what is signed for it; undefined while that is not known. */
  readonly secureBoot?: boolean | undefined;
};

/** `reason`: why it cannot be; undefined where it can. */
export type JudgedWay = { readonly way: Way; readonly reason: string | undefined };

/** What stands against each way, in the order of `WAYS`. What is not known of a layer does not. Pure. */
export function judgeWays(image: Bootable, starter: Starter): readonly JudgedWay[] {
  return [
    { way: 'kernel', reason: againstLayers(image, starter) },
    { way: 'uki', reason: againstUki(image, starter) },
    { way: 'opened', reason: againstOpening(image, starter) },
  ];
}

/** Of which nobody knows that it is not one. */
export function isSignedUki({ contents }: Bootable): boolean {
  return contents?.uki?.kind !== 'uki' || contents.uki.uki.isSigned;
}

function againstLayers({ artifacts, contents }: Bootable, starter: Starter): string | undefined {
  const has = (role: string) => artifacts.some((artifact) => artifact.role === role);
  if (!has('kernel')) return has('initramfs') ? 'it has an initramfs but no kernel' : 'it has no kernel layer';
  if (!has('initramfs')) return 'it has a kernel but no initramfs';
  const kernel = contents?.kernel;
  return kernel && againstKernel(kernel, starter);
}

function againstUki(
  { artifacts, contents }: Bootable,
  { client, architecture, secureBoot }: Starter,
): string | undefined {
  if (!artifacts.some(({ role }) => role === 'uki')) return 'it has no UKI';
  if (client === 'ipxe-bios') return 'a BIOS starts no UKI as it is';
  const read = contents?.uki;
  // What cannot be read may be a program of another kind, which the firmware judges.
  if (read?.kind !== 'uki') return undefined;
  if (secureBoot === true && !read.uki.isSigned) return 'Secure Boot is on, and its UKI is not signed';
  return againstArchitecture('its UKI', read.uki.architecture, architecture);
}

function againstOpening({ artifacts, contents }: Bootable, starter: Starter): string | undefined {
  if (!artifacts.some(({ role }) => role === 'uki')) return 'it has no UKI';
  const read = contents?.uki;
  if (read === undefined) return 'what its UKI holds is not known yet: its registry did not say';
  if (read.kind === 'refused') return `its UKI cannot be opened: ${read.reason}`;
  return againstParts(read.uki, starter);
}

function againstParts(uki: Uki, starter: Starter): string | undefined {
  if (starter.secureBoot === true && starter.client !== 'ipxe-bios')
    return 'Secure Boot is on, and a kernel out of a UKI is not what was signed';
  return (
    againstArchitecture('its UKI', uki.architecture, starter.architecture) ??
    againstKernel(uki.profiles[0].kernel, starter)
  );
}

function againstKernel(kernel: KernelFacts, { client, architecture }: Starter): string | undefined {
  const other = againstArchitecture('its kernel', kernel.architecture, architecture);
  // A PC of 64 bits starts one of 32, which its firmware must fit where that is UEFI.
  const isOld = client === 'ipxe-bios' && kernel.architecture === '386';
  if (other !== undefined && !isOld) return other;
  return client === 'ipxe-bios' ? againstBios(kernel) : againstUefi(kernel);
}

function againstBios({ kind }: KernelFacts): string | undefined {
  if (kind === 'bzimage' || kind === 'unknown') return undefined;
  return 'its kernel is no bzImage, which alone is started on a BIOS';
}

function againstUefi({ kind, hasEfiStub }: KernelFacts): string | undefined {
  if (kind === 'gzip')
    return 'its kernel is packed by gzip, which UEFI does not unpack: unpack it (gunzip), or build it as vmlinuz.efi';
  if (kind === 'unknown' || hasEfiStub) return undefined;
  return 'its kernel has no EFI stub (CONFIG_EFI_STUB), and UEFI starts none without';
}

function againstArchitecture(what: string, held: string | undefined, wanted: string): string | undefined {
  return held === undefined || held === wanted ? undefined : `${what} is for ${held}, and the machine is ${wanted}`;
}
