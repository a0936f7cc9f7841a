import type { Assignment } from '../boot/assignment.js';
import { imageMethod } from '../boot/boot-method.js';
import { chooseWay } from '../boot/choose-way.js';
import { kernelArgsOf } from '../boot/plan.js';
import type { Bootable, Client, Starter } from '../image/bootable.js';
import { argumentKey, PROVISION_PLACEHOLDER, placeholdersIn } from '../image/command-line.js';
import { openedIso } from '../image/iso-ways.js';
import type { ArgumentWord } from '../image/merged-arguments.js';
import { firstProfile } from '../image/ways.js';
import { handOffWords } from '../provision/hand-off.js';
import type { ProvisionKind } from '../provision/kinds.js';
import type { Prepared } from './preparation.js';
import { BY_ADDRESS } from './provision-by-address.js';

/** Why a machine that boots is not led to its configuration, and what can be done about it. Plain data. */
export type Unled = { readonly reason: string; readonly remedy: string };

/** The same of machines that come alike; `where`: whether of all of them. */
export type UnledMachines = Unled & {
  readonly clients: readonly Client[];
  readonly where: 'always' | 'secure-boot';
};

type Whose = {
  readonly assignment: Pick<Assignment, 'boot' | 'provision' | 'kernelArgs'>;
  readonly image: Bootable;
  readonly starter: Starter;
};

/**
 * By kernel arguments alone is a system told where its configuration is. undefined where it is told, where nobody knows what its UKI,
 * its ISO or its initramfs tells it, where nothing is handed out, and where nothing boots. Pure.
 */
export function unledBecause(prepared: Prepared['preparation'], whose: Whose): Unled | undefined {
  const { assignment, image, starter } = whose;
  const { provision } = assignment;
  if (provision === undefined || prepared.kind !== 'ready') return undefined;
  const { plan, choice, words } = prepared.planned;
  const given = kernelArgsOf(plan);
  if (placeholdersIn(given).includes(PROVISION_PLACEHOLDER)) return undefined;
  if (provision.isByAddress && given.includes(SELF)) return undefined;
  if (provision.isByAddress && plan.kind !== 'kernel') return unledByAddress(plan.kind, whose, provision.kinds);
  if (choice.unmet.includes('arguments'))
    return { reason: 'a UKI that is started as it is has its own kernel arguments', remedy: ofUki(image, starter) };
  if (choice.unmet.includes('iso-arguments'))
    return {
      reason: 'an ISO that is booted as it is has its own kernel arguments',
      remedy: ofIso(image, starter, assignment),
    };
  const [wanted] = handOffOf(assignment, provision.kinds);
  if (wanted !== undefined) return unledByWords(words, wanted);
  return provision.isByAddress ? undefined : { reason: UNNAMED, remedy: NAME_IT };
}

/** Where arguments are fixed, what is built in must name what is always the same. */
function unledByAddress(
  kind: 'uki' | 'iso',
  { assignment, image, starter }: Whose,
  kinds: readonly ProvisionKind[],
): Unled | undefined {
  const profile = firstProfile(image);
  const own = kind === 'uki' ? profile && (profile.commandLine ?? '') : openedIso(image)?.commandLine;
  if (own === undefined || own.includes(SELF)) return undefined;
  const words = handOffWords(kinds).map((word) => word.replace(`{${PROVISION_PLACEHOLDER}}`, `http://SERVER${SELF}`));
  const built = words.length > 0 ? words.join(' ') : `config=http://SERVER${SELF}/files/NAME`;
  const [what, otherwise] =
    kind === 'uki' ? (['UKI', ofUki(image, starter)] as const) : (['ISO', ofIso(image, starter, assignment)] as const);
  return {
    reason: `the command line in its ${what} does not name ${SELF}/`,
    remedy: `build ${built} into it, unless something else in it leads there, or ${otherwise}`,
  };
}

/** Where something stands in the place of what would lead there, that is what can be mended. */
function unledByWords(words: readonly ArgumentWord[], wanted: string): Unled {
  const key = argumentKey(wanted);
  const own = words.find(({ text }) => argumentKey(text) === key);
  if (own === undefined)
    return { reason: `kernelArgs takes out ${wanted}`, remedy: `leave ${key} out of remove, or append ${wanted}` };
  return {
    reason: `${own.written ?? own.text} (${own.from}) takes the place of ${wanted}`,
    remedy: `leave it out, or write ${wanted}`,
  };
}

/** The arguments that would hold its URL. */
function handOffOf({ kernelArgs }: Whose['assignment'], kinds: readonly ProvisionKind[]): readonly string[] {
  const preset = kernelArgs.findLast((change) => change.preset !== undefined)?.preset;
  return handOffWords(kinds, preset).filter((word) => placeholdersIn(word).includes(PROVISION_PLACEHOLDER));
}

/** Of those that boot an image: whether Secure Boot is on, only iPXE says. Pure. */
export function unledMachines(
  judged: readonly { readonly starter: Starter; readonly prepared: Prepared['preparation'] }[],
  whose: Omit<Whose, 'starter'>,
): readonly UnledMachines[] {
  const found = judged.flatMap(({ starter, prepared }) => {
    const unled = unledBecause(prepared, { ...whose, starter });
    return unled === undefined ? [] : [{ ...unled, starter }];
  });
  const always = found.filter(({ starter }) => starter.secureBoot !== true);
  const secure = found.filter(
    ({ starter }) => starter.secureBoot === true && !always.some((one) => one.starter.client === starter.client),
  );
  return [...alike(always, 'always'), ...alike(secure, 'secure-boot')];
}

type Found = Unled & { readonly starter: Starter };

/** Once for each thing that can be done. */
function alike(found: readonly Found[], where: UnledMachines['where']): readonly UnledMachines[] {
  const firsts = new Map(found.map((one) => [`${one.reason}; ${one.remedy}`, one]));
  return [...firsts.values()].map(({ reason, remedy }) => ({
    ...{ reason, remedy, where },
    clients: found.filter((one) => one.reason === reason && one.remedy === remedy).map(({ starter }) => starter.client),
  }));
}

/** For people, after whose image it is. Pure. */
export function unledText({ clients, where, reason, remedy }: UnledMachines): string {
  const secure = where === 'secure-boot' ? ' with Secure Boot on' : '';
  return `leads machines that come as ${clients.join(', ')}${secure} to nothing of what provision hands out, since ${reason}: ${remedy}`;
}

/** Where machines are known by their address alone. */
const SELF = `/provision/${BY_ADDRESS}`;
const UNNAMED = `no kernel argument holds {${PROVISION_PLACEHOLDER}}`;
const NAME_IT = `append one with its URL, such as config={${PROVISION_PLACEHOLDER}}/files/NAME`;

/** A capability is of one boot, so none can be built into a UKI. */
function ofUki(image: Bootable, starter: Starter): string {
  const choice = chooseWay(image, { ...starter, client: 'ipxe-uefi' }, { boot: 'kernel', wantsArguments: true });
  if (choice.kind === 'chosen') return 'write boot: kernel, so that iPXE starts a kernel with them';
  return starter.secureBoot === true ? WITH_LAYERS_SIGNED : WITH_LAYERS;
}

const WITH_LAYERS = 'build the image with kernel and initramfs layers';
const WITH_LAYERS_SIGNED = `${WITH_LAYERS}, which Secure Boot wants signed`;

function ofIso(image: Bootable, starter: Starter, { boot }: Whose['assignment']): string {
  const isOpened = openedIso(image) !== undefined;
  const choice = chooseWay(image, { ...starter, client: 'ipxe-uefi' }, { boot: 'kernel', wantsArguments: true });
  if (imageMethod(boot) === 'iso' && (isOpened || choice.kind === 'chosen'))
    return 'leave boot: iso out, so that iPXE starts a kernel with them';
  return 'name by iso.kernel what iPXE is to start of it';
}
