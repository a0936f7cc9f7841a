import type { Starter } from '../image/bootable.js';
import { isChange, placeholdersIn } from '../image/command-line.js';
import { type Artifact, artifactOf, type ResolvedImage } from '../image/image.js';
import { isoParts } from '../image/iso-parts.js';
import { openedIso } from '../image/iso-ways.js';
import { type ArgumentWord, mergeArguments } from '../image/merged-arguments.js';
import type { OpenedParts } from '../image/opened-parts.js';
import type { Role } from '../image/role.js';
import { ukiParts } from '../image/uki-parts.js';
import { firstProfile, type Way } from '../image/ways.js';
import { type Digest, digestOf } from '../oci/digest.js';
import {
  type ArgumentsInput,
  argumentLayers,
  type BootArguments,
  bootArguments,
  type OwnArguments,
  ownArguments,
} from './boot-arguments.js';
import { imageMethod } from './boot-method.js';
import { type Chosen, chooseWay, type WayChoice, type WayWish } from './choose-way.js';
import type { Fetches } from './started-part.js';

/** Everything decided for one machine now, pinned to digests. The same plan renders the same bytes. Plain data. */
export type BootPlan = KernelPlan | UkiPlan | IsoPlan;

type Planned = {
  /** Digest of the plan's JSON without this field. */
  readonly id: Digest;
  readonly machine: string;
  readonly assignment: string;
  readonly image: {
    readonly reference: string;
    readonly location: string;
    readonly digest: Digest;
    readonly manifestDigest: Digest;
  };
  /** Served beside what is started: what `{blob.<role>.url}` in kernel arguments leads to. */
  readonly extras: readonly Artifact[];
};

/** By a script of iPXE: layers of an image, or what a UKI or an ISO holds. */
export type KernelPlan = Planned & {
  readonly kind: 'kernel';
  readonly kernel: Artifact;
  /** In the order in which they are handed over; none where the kernel has its own. */
  readonly initramfs: readonly Artifact[];
  /** The finished kernel arguments; placeholders are filled when the script is written, with the address then advertised. */
  readonly kernelArgs: string;
  /** How many bytes of them the kernel takes; missing in plans of older versions. */
  readonly argumentRoom?: number;
};

/** A UKI as it is. */
export type UkiPlan = Planned & {
  readonly kind: 'uki';
  readonly uki: Artifact;
  /** `ipxe`: by a script, where the machine's firmware has not been given it. */
  readonly by: 'firmware' | 'ipxe';
  /** What iPXE repeats of the UKI's own arguments: its stub takes what its loader says for all there is (systemd-stub(7)). */
  readonly kernelArgs?: string;
  readonly argumentRoom?: number;
};

/** An ISO as it is, which the machine's firmware keeps as a disc in memory, or iPXE reads as one. */
export type IsoPlan = Planned & {
  readonly kind: 'iso';
  readonly iso: Artifact;
  readonly by: 'firmware' | 'ipxe';
  /** What its boot loader loads of it, in bytes, all initrds together; missing where it is not known, and in plans of older versions. */
  readonly loads?: { readonly kernel: number; readonly initramfs: number };
};

export type Planning =
  | {
      readonly kind: 'plan';
      readonly plan: BootPlan;
      readonly choice: Chosen;
      /** Its kernel arguments, and who wants each. */
      readonly words: readonly ArgumentWord[];
    }
  /** UEFI HTTP Boot is given iPXE, for which is planned anew when it reports. */
  | { readonly kind: 'loader'; readonly choice: Chosen; readonly reason: string }
  /** `isOfMachine`: of another machine, of which more is known, it may not be so. */
  | { readonly kind: 'refused'; readonly reason: string; readonly choice: WayChoice; readonly isOfMachine?: boolean };

export type PlanInput = ArgumentsInput & { readonly starter: Starter };

/** Chooses what of the image this machine starts and how, or says why nothing of it can be. Pure. */
export function planBoot(input: PlanInput): Planning {
  const { image, starter } = input;
  const choice = chooseWay(image, starter, wayWish(input));
  if (choice.kind === 'none')
    return { kind: 'refused', reason: `${image.reference} cannot be booted: ${choice.reason}`, choice };
  if (starter.client === 'uefi-http' && choice.by === 'ipxe')
    return {
      kind: 'loader',
      choice,
      reason: `${image.reference} is started by iPXE: ${whyNotByFirmware(input, choice)}`,
    };
  if (choice.way === 'iso') return planIso(input, choice);
  return choice.way === 'uki' ? planUki(input, choice) : planKernel(input, choice);
}

/** Of what firmware might have started. */
function whyNotByFirmware({ image }: PlanInput, { rejected }: Chosen): string {
  const wanted = artifactOf(image, 'uki') === undefined && artifactOf(image, 'iso') !== undefined ? 'iso' : 'uki';
  return rejected.find(({ way }) => way === wanted)?.reason ?? '';
}

/** How the operator wants this machine's image started. Pure. */
export function wayWish(whom: Omit<ArgumentsInput, 'image'>): WayWish {
  const { boot, iso } = whom.assignment;
  return { boot: imageMethod(boot), wantsArguments: wantsArguments(whom), opensIso: iso !== undefined };
}

/** Whether the operator wants something of this machine's kernel arguments changed. Pure. */
export function wantsArguments(whom: Omit<ArgumentsInput, 'image'>): boolean {
  // By its address it is handed its configuration without any.
  const isHandedNone = whom.assignment.provision?.isByAddress === true;
  return argumentLayers(isHandedNone ? withoutProvision(whom) : whom).some(({ change }) => isChange(change));
}

function withoutProvision(whom: Omit<ArgumentsInput, 'image'>): Omit<ArgumentsInput, 'image'> {
  const { provision: _provision, ...assignment } = whom.assignment;
  return { ...whom, assignment };
}

/** Its kernel arguments before URLs are filled in; empty where none are given. */
export function kernelArgsOf(plan: BootPlan): string {
  return plan.kind === 'iso' ? '' : (plan.kernelArgs ?? '');
}

/** Everything that the plan names, what is fetched first in front. */
export function artifactsOf(plan: BootPlan): readonly Artifact[] {
  return [...startOf(plan), ...plan.extras];
}

/** The same, by when it is fetched. */
export function fetchesOf(plan: BootPlan): Fetches {
  return { start: startOf(plan), later: plan.extras, isDisc: plan.kind === 'iso' && plan.by === 'ipxe' };
}

/** What of it is fetched before anything runs. */
export function startOf(plan: BootPlan): readonly Artifact[] {
  if (plan.kind === 'iso') return [plan.iso];
  return plan.kind === 'uki' ? [plan.uki] : [plan.kernel, ...plan.initramfs];
}

function planUki(input: PlanInput, choice: Chosen): Planning {
  const { image } = input;
  const uki = layerOf(image, 'uki');
  const given = argumentsOfUki(input, choice);
  if (given.kind === 'refused') return { ...given, choice };
  const { words, room: argumentRoom } = given;
  const kernelArgs = textOf(words);
  const said = choice.by === 'ipxe' && kernelArgs !== '' && { kernelArgs, argumentRoom };
  const draft = { kind: 'uki', ...plannedOf(input), uki, by: choice.by, ...said } as const;
  return { kind: 'plan', plan: { id: idOf(draft), ...draft }, choice, words };
}

/** Its boot loader has the arguments that its kernel is given. */
function planIso(input: PlanInput, choice: Chosen): Planning {
  const planned = plannedOf(input);
  const extras = planned.extras.filter(({ role }) => role !== 'iso');
  const started = { iso: layerOf(input.image, 'iso'), by: choice.by, ...loadedOf(input.image) };
  const draft = { kind: 'iso', ...planned, extras, ...started } as const;
  return { kind: 'plan', plan: { id: idOf(draft), ...draft }, choice, words: [] };
}

/** As far as it is found. */
function loadedOf(image: ResolvedImage): Pick<IsoPlan, 'loads'> {
  const opened = openedIso(image);
  if (opened === undefined) return {};
  const initramfs = opened.initrds.reduce((sum, { part }) => sum + part.length, 0);
  return { loads: { kernel: opened.kernel.part.length, initramfs } };
}

/** Its own, unless it has none and takes those of its loader. */
function argumentsOfUki(input: PlanInput, { by }: Chosen): BootArguments {
  const profile = firstProfile(input.image);
  if (profile?.commandLine !== undefined) {
    const own = { from: 'uki', commandLine: profile.commandLine, initrds: 0 } as const;
    // What firmware starts is told nothing: nobody fills in placeholders there.
    return by === 'firmware'
      ? { kind: 'arguments', words: mergeArguments(own, []), room: 0 }
      : ownArguments(input, own);
  }
  const { commandLine } = input.image;
  const own = { from: 'image', commandLine, kernel: profile?.kernel, initrds: 0 } as const;
  return profile === undefined || by === 'firmware'
    ? ownArguments(input, { ...own, commandLine: '' })
    : bootArguments(input, own);
}

function planKernel(input: PlanInput, choice: Chosen): Planning {
  const { start, own } = startOfKernel(choice.way, input);
  const given = bootArguments(input, own);
  if (given.kind === 'refused') return { ...given, choice };
  const { words, room: argumentRoom } = given;
  const kernelArgs = textOf(words);
  const planned = { ...plannedOf(input), ...start };
  // All of an ISO is fetched where somebody asks for it.
  const isAsked = placeholdersIn(kernelArgs).includes('blob.iso.url');
  const extras = planned.extras.filter(({ role }) => role !== 'iso' || isAsked);
  const draft = { kind: 'kernel', ...planned, extras, kernelArgs, argumentRoom } as const;
  return { kind: 'plan', plan: { id: idOf(draft), ...draft }, choice, words };
}

type Start = {
  readonly start: OpenedParts;
  readonly own: OwnArguments;
};

function startOfKernel(way: Way, { image, assignment }: PlanInput): Start {
  if (way === 'iso-files') return ofIso(image, assignment.iso?.kernelArgs);
  return way === 'opened' ? ofUki(image) : ofLayers(image);
}

function ofLayers(image: ResolvedImage): Start {
  const { commandLine, contents } = image;
  return {
    start: { kernel: layerOf(image, 'kernel'), initramfs: [layerOf(image, 'initramfs')] },
    own: { from: 'image', commandLine, kernel: contents?.kernel, initrds: 1 },
  };
}

/** Parts of the layer, in the place of layers. The image's own arguments count where its UKI has none. */
function ofUki(image: ResolvedImage): Start {
  const read = image.contents?.uki;
  if (read?.kind !== 'uki') throw new RangeError(`what the UKI of ${image.reference} holds is not known`);
  const [{ commandLine, kernel, initrds: parts }] = read.uki.profiles;
  const initrds = parts.length;
  return {
    start: ukiParts(layerOf(image, 'uki'), read.uki),
    own:
      commandLine === undefined
        ? { from: 'image', commandLine: image.commandLine, kernel, initrds }
        : { from: 'uki', commandLine, kernel, initrds },
  };
}

/**
 * The same of an ISO. What the assignment says takes the place of the image's own arguments, and they of those of its menu, which
 * whoever built the image could not change.
 */
function ofIso(image: ResolvedImage, said: string | undefined): Start {
  const opened = openedIso(image);
  if (opened === undefined) throw new RangeError(`what the ISO of ${image.reference} holds is not known`);
  const { kernel, initrds } = opened;
  const facts = { kernel: kernel.facts, initrds: initrds.length };
  const roles: readonly Role[] = opened.root === undefined ? ['iso'] : ['iso', 'squashfs'];
  const medium = { preset: opened.preset, roles };
  return {
    start: isoParts(layerOf(image, 'iso'), opened),
    own: { ...argumentsOfIso(image.commandLine, opened.commandLine, said), ...facts, medium },
  };
}

function argumentsOfIso(ofImage: string, ofMenu: string, said: string | undefined) {
  if (said !== undefined) return { from: 'assignment iso', commandLine: said } as const;
  return ofImage === ''
    ? ({ from: 'iso', commandLine: ofMenu } as const)
    : ({ from: 'image', commandLine: ofImage } as const);
}

/** There is one: the way would not have been chosen. */
function layerOf(image: ResolvedImage, role: Role): Artifact {
  const found = artifactOf(image, role);
  if (found === undefined) throw new RangeError(`${image.reference} has no ${role}`);
  return found;
}

function textOf(words: readonly ArgumentWord[]): string {
  return words.map(({ text }) => text).join(' ');
}

/** What a system may fetch by itself. */
const EXTRAS: ReadonlySet<Role> = new Set(['squashfs', 'disk', 'iso']);

function plannedOf({ subject, assignment, image }: PlanInput): Omit<Planned, 'id'> {
  const { reference, location, digest, manifestDigest, artifacts } = image;
  return {
    ...{ machine: subject.name, assignment: assignment.name, image: { reference, location, digest, manifestDigest } },
    extras: artifacts.filter(({ role }) => EXTRAS.has(role)),
  };
}

function idOf(draft: object): Digest {
  return digestOf(Buffer.from(JSON.stringify(draft)));
}
