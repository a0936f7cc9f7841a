import type { Bootable, Starter } from './bootable.js';
import type { KernelFacts } from './kernel-kind.js';
import type { Role } from './role.js';
import type { Uki, UkiProfile } from './uki.js';

/** How an image can be started: by its kernel and initramfs layers, by its UKI as it is, or by what its UKI holds. */
export const WAYS = ['kernel', 'uki', 'opened'] as const;
export type Way = (typeof WAYS)[number];

/** What stands against a way: the image has no such layers, or has them and the client cannot start them. */
export type Obstacle = {
  readonly kind: 'missing' | 'refused';
  readonly reason: string;
  /** What an operator can do about it, in a few words. */
  readonly remedy?: string;
};

export type JudgedWay = { readonly way: Way } & ({ readonly kind: 'possible' } | Obstacle);

/** As people read it. Pure. */
export function withRemedy({ reason, remedy }: Pick<Obstacle, 'reason' | 'remedy'>): string {
  return remedy === undefined ? reason : `${reason}: ${remedy}`;
}

/** What stands against each way, in the order of `WAYS`. What is not known of a layer does not. Pure. */
export function judgeWays(image: Bootable, starter: Starter): readonly JudgedWay[] {
  const judges = { kernel: againstLayers, uki: againstUki, opened: againstOpening };
  return WAYS.map((way) => ({ way, ...(judges[way](image, starter) ?? { kind: 'possible' }) }));
}

/** Of a UKI that was read, what boots where nobody chooses. */
export function firstProfile({ contents }: Bootable): UkiProfile | undefined {
  return contents?.uki?.kind === 'uki' ? contents.uki.uki.profiles[0] : undefined;
}

function againstLayers(image: Bootable, starter: Starter): Obstacle | undefined {
  const [hasKernel, hasInitramfs] = [has(image, 'kernel'), has(image, 'initramfs')];
  if (!hasKernel && !hasInitramfs)
    return missing('it has no kernel layer', 'add --kernel and --initramfs to image build');
  if (!hasKernel) return refused('it has an initramfs but no kernel', 'add --kernel to image build');
  if (!hasInitramfs) return refused('it has a kernel but no initramfs', 'add --initramfs to image build');
  const empty = againstEmpty(image, ['kernel', 'initramfs']);
  if (empty !== undefined) return empty;
  const kernel = image.contents?.kernel;
  return kernel && againstKernel(kernel, starter);
}

/** Somebody's build failed, and what it left was published. */
function againstEmpty({ artifacts }: Bootable, roles: readonly Role[]): Obstacle | undefined {
  const empty = artifacts.find(({ role, descriptor }) => roles.includes(role) && descriptor?.size === 0);
  if (empty === undefined) return undefined;
  return refused(
    `its ${empty.role === 'uki' ? 'UKI' : empty.role} is empty`,
    'build the image anew, of files that are whole',
  );
}

function againstUki(image: Bootable, { client, architecture, secureBoot }: Starter): Obstacle | undefined {
  if (!has(image, 'uki')) return missing('it has no UKI', ADD_UKI);
  if (client === 'ipxe-bios') return refused('a BIOS starts no UKI as it is');
  const empty = againstEmpty(image, ['uki']);
  if (empty !== undefined) return empty;
  const read = image.contents?.uki;
  if (read?.kind === 'refused' && read.isProgram === false) return againstUnread(read);
  // What cannot be read may be a program of another kind, which the firmware judges.
  if (read?.kind !== 'uki') return undefined;
  if (secureBoot === true && !read.uki.isSigned)
    return refused('Secure Boot is on, and its UKI is not signed', 'sign it by image build --sign-key');
  return againstArchitecture('its UKI', read.uki.architecture, architecture);
}

function againstOpening(image: Bootable, starter: Starter): Obstacle | undefined {
  if (!has(image, 'uki')) return missing('it has no UKI', ADD_UKI);
  const empty = againstEmpty(image, ['uki']);
  if (empty !== undefined) return empty;
  const read = image.contents?.uki;
  if (read === undefined)
    return refused('what its UKI holds is not known yet, since its registry did not say', 'try again');
  if (read.kind === 'refused') return againstUnread(read);
  return againstParts(read.uki, starter);
}

function againstUnread({ reason }: { readonly reason: string }): Obstacle {
  return refused(`its UKI cannot be opened: ${reason}`, 'make another by image build --uki make');
}

/** A kernel layer is what the operator gives, who may have it signed; one out of a UKI was signed with all that is around it. */
function againstParts(uki: Uki, starter: Starter): Obstacle | undefined {
  if (starter.secureBoot === true && starter.client !== 'ipxe-bios')
    return refused('Secure Boot is on, and a kernel out of a UKI is not what was signed');
  const other = againstArchitecture('its UKI', uki.architecture, starter.architecture);
  return other ?? againstKernel(uki.profiles[0].kernel, starter);
}

function againstKernel(kernel: KernelFacts, starter: Starter): Obstacle | undefined {
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

function againstArchitecture(what: string, held: string | undefined, wanted: string): Obstacle | undefined {
  return held === undefined || held === wanted
    ? undefined
    : refused(`${what} is for ${held}, and the machine is ${wanted}`, `give image build one for ${wanted}`);
}

function has({ artifacts }: Bootable, role: Role): boolean {
  return artifacts.some((artifact) => artifact.role === role);
}

const ADD_UKI = 'add --uki to image build';

function missing(reason: string, remedy: string): Obstacle {
  return { kind: 'missing', reason, remedy };
}

function refused(reason: string, remedy?: string): Obstacle {
  return { kind: 'refused', reason, ...(remedy !== undefined && { remedy }) };
}
