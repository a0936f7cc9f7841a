import { type Bootable, hasLayer, type Starter } from './bootable.js';
import { againstIsoAsItIs, againstIsoFiles, againstOtherKernel, openedIso } from './iso-ways.js';
import { againstKernel } from './kernel-obstacle.js';
import { againstArchitecture, missing, type Obstacle, refused } from './obstacle.js';
import type { Role } from './role.js';
import type { Uki, UkiProfile } from './uki.js';

/**
 * How an image can be started: by its kernel and initramfs layers, by its UKI as it is, or by what its UKI holds; by its ISO as it is,
 * or by kernel and initramfs out of its ISO.
 */
export const WAYS = ['kernel', 'uki', 'opened', 'iso', 'iso-files'] as const;
export type Way = (typeof WAYS)[number];

export type JudgedWay = { readonly way: Way } & ({ readonly kind: 'possible' } | Obstacle);

/** What stands against each way, in the order of `WAYS`. What is not known of a layer does not. Pure. */
export function judgeWays(image: Bootable, starter: Starter): readonly JudgedWay[] {
  return WAYS.map((way) => ({ way, ...(JUDGES[way](image, starter) ?? { kind: 'possible' }) }));
}

const JUDGES: Readonly<Record<Way, (image: Bootable, starter: Starter) => Obstacle | undefined>> = {
  kernel: againstLayers,
  uki: againstUki,
  opened: againstOpening,
  iso: againstIsoAsItIs,
  'iso-files': againstKernelOfIso,
};

/** Of a UKI that was read, what boots where nobody chooses. */
export function firstProfile({ contents }: Bootable): UkiProfile | undefined {
  return contents?.uki?.kind === 'uki' ? contents.uki.uki.profiles[0] : undefined;
}

function againstLayers(image: Bootable, starter: Starter): Obstacle | undefined {
  const [hasKernel, hasInitramfs] = [hasLayer(image, 'kernel'), hasLayer(image, 'initramfs')];
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
  if (!hasLayer(image, 'uki')) return missing('it has no UKI', ADD_UKI);
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
  if (!hasLayer(image, 'uki')) return missing('it has no UKI', ADD_UKI);
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

function againstKernelOfIso(image: Bootable, starter: Starter): Obstacle | undefined {
  const opened = openedIso(image);
  if (opened === undefined) return againstIsoFiles(image);
  return againstOtherKernel(image, starter) ?? againstKernel(opened.kernel.facts, starter);
}

/** A kernel layer is what the operator gives, who may have it signed; one out of a UKI was signed with all that is around it. */
function againstParts(uki: Uki, starter: Starter): Obstacle | undefined {
  if (starter.secureBoot === true && starter.client !== 'ipxe-bios')
    return refused('Secure Boot is on, and a kernel out of a UKI is not what was signed');
  const other = againstArchitecture('its UKI', uki.architecture, starter.architecture);
  return other ?? againstKernel(uki.profiles[0].kernel, starter);
}

const ADD_UKI = 'add --uki to image build';
