import { type Bootable, hasLayer, type Starter } from '../image/bootable.js';
import type { Obstacle } from '../image/obstacle.js';
import { unbootableBecause } from '../image/unbootable.js';
import { firstProfile, type JudgedWay, judgeWays, type Way } from '../image/ways.js';
import type { ImageMethod } from './boot-method.js';

/** What an operator wants of it. */
export type WayWish = {
  readonly boot: ImageMethod;
  /** Whether kernel arguments are to be other than the image's own. */
  readonly wantsArguments: boolean;
  /** Whether it is said what of an ISO is started, or with which arguments: nothing else of it is, then. */
  readonly opensIso?: boolean;
};

type Rejection = Pick<Obstacle, 'reason' | 'remedy'>;

/** A way that is not taken, and why. `remedy`: missing of a layer, too, that the image does without. */
export type RejectedWay = { readonly way: Way } & Rejection;

/** What is wished and cannot be done: kernel arguments of the mapping, by a UKI or by an ISO, or the device tree of a UKI. */
export type Unmet = 'arguments' | 'iso-arguments' | 'dtb';

export type WayChoice =
  | Chosen
  | { readonly kind: 'none'; readonly reason: string; readonly rejected: readonly RejectedWay[] };

export type Chosen = {
  readonly kind: 'chosen';
  readonly way: Way;
  /** What starts it: the machine's firmware, or iPXE, which UEFI HTTP Boot is given first. */
  readonly by: 'firmware' | 'ipxe';
  readonly unmet: readonly Unmet[];
  readonly rejected: readonly RejectedWay[];
};

/** For people, and the screens of machines. */
export const UNMET_TEXTS: Readonly<Record<Unmet, string>> = {
  arguments: 'the kernel arguments of the mapping are not given, since a UKI has its own',
  'iso-arguments': 'the kernel arguments of the mapping are not given, since an ISO boots by its own loader',
  dtb: 'the device tree of the UKI is not given, and that of the firmware counts',
};

type Case = Starter & WayWish & { readonly isSigned: boolean; readonly takesArguments: boolean };

/** The best way to start an image for this client, and why it is not another. Pure. */
export function chooseWay(image: Bootable, starter: Starter, wish: WayWish): WayChoice {
  const judged = judgeWays(image, starter);
  const known = caseOf(image, starter, wish);
  const inOrder = preference(known).flatMap((way) => judged.filter((one) => one.way === way));
  const chosen = inOrder.find(({ kind }) => kind === 'possible');
  if (chosen === undefined) return noWay(image, judged, inOrder, wish);
  const { way } = chosen;
  const by = starter.client === 'uefi-http' && (way === 'uki' || way === 'iso') ? 'firmware' : 'ipxe';
  return {
    ...{ kind: 'chosen', way, by },
    unmet: unmetBy({ way, by }, image, known),
    rejected: judged.filter((one) => one.way !== way && !isUnheardOf(one)).map((one) => rejection(one, way, known)),
  };
}

function unmetBy({ way, by }: Pick<Chosen, 'way' | 'by'>, image: Bootable, known: Case): readonly Unmet[] {
  const { wantsArguments, takesArguments } = known;
  if (way === 'uki') return wantsArguments && !(by === 'ipxe' && takesArguments) ? ['arguments'] : [];
  if (way === 'iso') return wantsArguments ? ['iso-arguments'] : [];
  return way === 'opened' && firstProfile(image)?.dtb !== undefined ? ['dtb'] : [];
}

/** A UKI without a command line takes that of its loader (systemd-stub(7)), which firmware has none of. */
function caseOf(image: Bootable, starter: Starter, wish: WayWish): Case {
  const profile = firstProfile(image);
  const takesArguments = profile !== undefined && profile.commandLine === undefined;
  const hasOwn = (image.commandLine ?? '') !== '';
  const wantsArguments = wish.wantsArguments || (hasOwn && (takesArguments || isOfIso(image)));
  const isSigned = image.contents?.uki?.kind !== 'uki' || image.contents.uki.uki.isSigned;
  return { ...starter, ...wish, wantsArguments, takesArguments, isSigned };
}

/** Whether there is nothing but an ISO to be started: kernel arguments beside it are for the kernel in it. */
function isOfIso(image: Bootable): boolean {
  return hasLayer(image, 'iso') && !hasLayer(image, 'kernel') && !hasLayer(image, 'uki');
}

/** The ways that come into question, best first: what was made for booting by network comes before what was made for a disc. */
function preference(known: Case): readonly Way[] {
  const { boot } = known;
  if (boot === 'uki') return ['uki'];
  if (boot === 'iso') return ['iso'];
  if (boot === 'kernel') return ['kernel', 'opened', 'iso-files'];
  return [...layersOrUki(known), ...waysOfIso(known)];
}

/**
 * A UKI is one file that is measured and verified as a whole, so that UEFI starts it as it is; other kernel arguments want it opened.
 */
function layersOrUki(known: Case): readonly Way[] {
  const { client, wantsArguments, takesArguments } = known;
  if (client === 'ipxe-bios') return ['kernel', 'opened'];
  if (isKept(known)) return ['uki', 'kernel', 'opened'];
  if (wantsArguments && !(client === 'ipxe-uefi' && takesArguments)) return ['kernel', 'opened', 'uki'];
  return client === 'uefi-http' ? ['uki', 'kernel', 'opened'] : ['kernel', 'uki', 'opened'];
}

/**
 * Firmware keeps all of it as a disc, for what it starts too. That of iPXE is gone when a kernel has started, so that one which is told
 * where the rest is comes first.
 */
function waysOfIso({ client, wantsArguments, opensIso }: Case): readonly Way[] {
  if (opensIso === true) return ['iso-files'];
  return client === 'uefi-http' && !wantsArguments ? ['iso', 'iso-files'] : ['iso-files', 'iso'];
}

/**
 * Machines may start nothing else than a UKI that is signed: iPXE says so where Secure Boot is on, and firmware that boots by HTTP
 * says nothing. One that could not be read may be signed.
 */
function isKept({ client, isSigned, secureBoot, wantsArguments }: Case): boolean {
  if (!isSigned) return false;
  return client === 'uefi-http' ? wantsArguments : secureBoot === true;
}

/** Nobody misses an ISO that few images have. */
function isUnheardOf({ way, kind }: JudgedWay): boolean {
  return kind === 'missing' && (way === 'iso' || way === 'iso-files');
}

function rejection(one: JudgedWay, chosen: Way, known: Case): RejectedWay {
  const { way } = one;
  if (one.kind === 'possible') return { way, ...whyNot(way, chosen, known) };
  return one.kind === 'missing' ? { way, reason: one.reason } : rejectionBy(way, one);
}

function rejectionBy(way: Way, { reason, remedy }: Rejection): RejectedWay {
  return { way, reason, ...(remedy !== undefined && { remedy }) };
}

/** Of a way that could be taken as well. */
function whyNot(way: Way, chosen: Way, known: Case): Rejection {
  const { boot } = known;
  if (boot !== 'auto' && !preference(known).includes(way)) return { reason: `the assignment wants boot: ${boot}` };
  if (chosen === 'uki' && isKept(known))
    return {
      reason: 'its UKI is signed, and the machine may start nothing else',
      remedy: 'write boot: kernel to have it started so all the same',
    };
  return way === 'iso' || way === 'iso-files' ? whyNoIso(chosen, known) : { reason: whyRather(way, chosen, known) };
}

function whyRather(way: Way, chosen: Way, known: Case): string {
  const { wantsArguments, takesArguments, client } = known;
  if (chosen === 'kernel' && way === 'opened') return 'its kernel and initramfs layers need no opening';
  if (way === 'uki' && takesArguments) return 'it takes kernel arguments of its loader, and firmware gives none';
  if (way === 'uki' && wantsArguments) return 'kernel arguments are given to a kernel that iPXE starts';
  if (way === 'uki') return 'iPXE starts its kernel and initramfs layers';
  return client === 'uefi-http' ? 'the firmware starts its UKI by itself' : 'its UKI is started as it is';
}

/** The ISO as it is would start something else. */
const OPENED_BY_WISH = 'the assignment says what of its ISO is started';

function whyNoIso(chosen: Way, { client, opensIso }: Case): Rejection {
  if (chosen === 'iso-files' && opensIso === true) return { reason: OPENED_BY_WISH };
  if (chosen === 'iso') return { reason: 'the firmware boots its ISO by itself' };
  if (chosen !== 'iso-files') return { reason: 'what it holds beside its ISO is started' };
  // Firmware would have booted it, were it not for them.
  if (client === 'uefi-http') return { reason: 'kernel arguments are wanted, and an ISO as it is takes none' };
  return { reason: 'the kernel in it is started without a disc', remedy: 'write boot: iso to have it as a disc' };
}

function noWay(
  image: Bootable,
  judged: readonly JudgedWay[],
  inOrder: readonly JudgedWay[],
  { boot, opensIso }: WayWish,
): WayChoice {
  const why = unbootableBecause(image, inOrder);
  const reason = boot === 'auto' ? why : `the assignment wants boot: ${boot}, and ${why}${otherwise(boot, judged)}`;
  const unwanted = boot === 'auto' && opensIso === true ? OPENED_BY_WISH : `the assignment wants boot: ${boot}`;
  const rejected = judged
    .filter((one) => !isUnheardOf(one))
    .map((one) => rejectionBy(one.way, one.kind === 'possible' ? { reason: unwanted } : one));
  return { kind: 'none', reason, rejected };
}

/** Where the image is started by another wish. */
function otherwise(boot: ImageMethod, judged: readonly JudgedWay[]): string {
  const possible = judged.filter(({ kind }) => kind === 'possible').map(({ way }) => METHODS[way]);
  const others = [...new Set(possible)].filter((method) => method !== boot);
  return others.length === 0 ? '' : `; boot: ${['auto', ...others].join(' or ')} boots it`;
}

const METHODS: Readonly<Record<Way, ImageMethod>> = {
  ...{ kernel: 'kernel', opened: 'kernel', 'iso-files': 'kernel' },
  ...{ uki: 'uki', iso: 'iso' },
};
