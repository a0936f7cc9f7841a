import { type Bootable, unbootableBecause } from '../image/clients.js';
import type { Role } from '../image/role.js';
import { isSignedUki, type JudgedWay, judgeWays, type Starter, type Way } from '../image/ways.js';
import type { BootMethod } from './boot-method.js';

/** What an operator wants of it. */
export type WayWish = {
  readonly boot: Exclude<BootMethod, 'local'>;
  /** Whether kernel arguments are to be other than the image's own. */
  readonly wantsArguments: boolean;
};

/** A way that is not taken, and why. */
export type RejectedWay = { readonly way: Way; readonly reason: string };

export type WayChoice =
  | {
      readonly kind: 'chosen';
      readonly way: Way;
      /** Who starts it; `ipxe` for a machine that comes by UEFI HTTP Boot: iPXE is loaded first. */
      readonly by: 'firmware' | 'ipxe';
      /** What is wished and cannot be done so. */
      readonly unmet: readonly string[];
      readonly rejected: readonly RejectedWay[];
    }
  | { readonly kind: 'none'; readonly reason: string; readonly rejected: readonly RejectedWay[] };

/** What is told of a UKI that is started as it is, where the mapping has kernel arguments. */
export const LOST_ARGUMENTS = 'the kernel arguments of the mapping are not given, since a UKI has its own';

/** Of a UKI that is opened. */
export const LOST_DTB = 'the device tree of the UKI is not given, and that of the firmware counts';

/** The best way to start an image for this client, and why it is not another. Pure. */
export function chooseWay(image: Bootable, starter: Starter, wish: WayWish): WayChoice {
  const judged = new Map(judgeWays(image, starter).map((one) => [one.way, one]));
  const order = preference(image, starter, wish);
  const inOrder = order.ways.flatMap((way) => judged.get(way) ?? []);
  const chosen = inOrder.find(({ reason }) => reason === undefined);
  const rejected = [...judged.values()].flatMap((one) => rejection(one, { chosen, order, wish }));
  if (chosen === undefined) return { kind: 'none', reason: whyNone(inOrder, image, { ...starter, ...wish }), rejected };
  const { way } = chosen;
  const by = starter.client === 'uefi-http' && way === 'uki' ? 'firmware' : 'ipxe';
  const isLost = way === 'uki' && wish.wantsArguments && !(by === 'ipxe' && takesArguments(image));
  const unmet = [...(isLost ? [LOST_ARGUMENTS] : []), ...(way === 'opened' && hasDtb(image) ? [LOST_DTB] : [])];
  return { kind: 'chosen', way, by, unmet, rejected };
}

/** The ways that come into question, best first, and why one that could be is not the first. */
type Preference = { readonly ways: readonly Way[]; readonly because: string };

/**
 * A UKI is one file that is measured and verified as a whole, so that UEFI starts it as it is; kernel arguments want it opened.
 * One that is signed may be so because its machines start nothing else: what it is verified by is kept.
 */
function preference(image: Bootable, { client, secureBoot }: Starter, { boot, wantsArguments }: WayWish): Preference {
  if (boot === 'uki') return { ways: ['uki'], because: 'the assignment wants boot: uki' };
  if (boot === 'kernel') return { ways: ['kernel', 'opened'], because: 'the assignment wants boot: kernel' };
  if (client === 'ipxe-bios') return { ways: ['kernel', 'opened'], because: 'kernel and initramfs layers are there' };
  const isVerified = isSignedUki(image) && (client === 'uefi-http' ? secureBoot !== false : secureBoot === true);
  if (isVerified && (wantsArguments || client === 'ipxe-uefi'))
    return {
      ways: ['uki', 'kernel', 'opened'],
      because: 'its UKI is signed, and the machine may start nothing else (boot: kernel does all the same)',
    };
  if (wantsArguments && !(client === 'ipxe-uefi' && takesArguments(image)))
    return { ways: ['kernel', 'opened', 'uki'], because: 'kernel arguments are given to a kernel that iPXE starts' };
  return client === 'uefi-http'
    ? { ways: ['uki', 'kernel', 'opened'], because: 'the firmware starts its UKI by itself' }
    : { ways: ['kernel', 'uki', 'opened'], because: 'the better way is there' };
}

/** Its UKI has no command line, and takes that of its loader (systemd-stub(7)). */
function takesArguments({ contents }: Bootable): boolean {
  return contents?.uki?.kind === 'uki' && contents.uki.uki.profiles[0].commandLine === undefined;
}

function hasDtb({ contents }: Bootable): boolean {
  return contents?.uki?.kind === 'uki' && contents.uki.uki.profiles[0].dtb !== undefined;
}

function rejection(
  { way, reason }: JudgedWay,
  {
    chosen,
    order,
    wish,
  }: { readonly chosen: JudgedWay | undefined; readonly order: Preference; readonly wish: WayWish },
): readonly RejectedWay[] {
  if (way === chosen?.way) return [];
  if (reason !== undefined) return [{ way, reason }];
  const isOut = !order.ways.includes(way);
  return [{ way, reason: isOut && wish.boot !== 'auto' ? `the assignment wants boot: ${wish.boot}` : order.because }];
}

/** Of the ways that are not just missing a layer, if there are any. */
function whyNone(
  inOrder: readonly JudgedWay[],
  image: Bootable,
  { architecture, boot }: Pick<Starter, 'architecture'> & Pick<WayWish, 'boot'>,
): string {
  if (!image.artifacts.some(({ role }) => START_ROLES.has(role))) return unbootableBecause(image, architecture);
  const reasons = inOrder.flatMap(({ reason }) => reason ?? []);
  const told = reasons.filter((reason) => !MISSING.has(reason));
  const why = [...new Set(told.length > 0 ? told : reasons)].join('; ');
  return boot === 'auto' ? why : `the assignment wants boot: ${boot}, and ${why}`;
}

const START_ROLES: ReadonlySet<Role> = new Set(['kernel', 'initramfs', 'uki']);
const MISSING: ReadonlySet<string> = new Set(['it has no kernel layer', 'it has no UKI']);
