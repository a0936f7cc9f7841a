import { UNMET_TEXTS, type Unmet } from '../boot/choose-way.js';
import { describeShortage, type MemoryShortage } from '../boot/memory-need.js';
import { type BootPlan, kernelArgsOf } from '../boot/plan.js';
import type { LocalReason } from '../boot/policy.js';
import { fillPlaceholders } from '../image/command-line.js';
import type { Artifact } from '../image/image.js';
import * as ipxe from '../ipxe/script.js';
import { argumentWords, setting, urlWord, type Word } from '../ipxe/word.js';
import type { Subject } from '../machine/inventory.js';
import { shortDigest } from '../oci/digest.js';
import type { BootUrls } from './boot-urls.js';
import { type GivenCapabilities, NO_CAPABILITIES, placeholderUrls } from './placeholder-urls.js';
import { memoryModules } from './reported-memory.js';

/** How often a machine asks for a script that is not ready before it goes on to its next boot device. */
const MAX_ATTEMPTS = 60;
const SECONDS_BETWEEN_ATTEMPTS = 5;
const PATIENCE = { most: MAX_ATTEMPTS, seconds: SECONDS_BETWEEN_ATTEMPTS };
/** An hour: an operator has to see it, and to decide. */
const UNKNOWN_PATIENCE = { most: 360, seconds: 10 };

/** `attempt`: how often it has asked, with this time; `isUnknown`: it waits for an assignment. */
export type Waiting = {
  readonly machine: string;
  readonly reason: string;
  readonly attempt: number;
  readonly isUnknown?: boolean;
};

/** How often a machine asks DHCP, which takes about a minute each time: switches may keep a port shut for half of one. */
const MAX_NETWORK_TRIES = 3;
/** How often a machine fetches kernel and initramfs before it gives up. */
const MAX_FETCHES = 5;
/** Long enough to read, or to photograph, what the screen says. */
const SECONDS_TO_READ = 20;
/** Firmware reports junk as well: a UUID that a thousand boards share, or one that is no UUID. */
const NOTHING = 'none that can be used';

const GREETING = ipxe.comment('Bootlayer: tells the server who this machine is and runs what it answers.');

/** The script every machine gets first: it reports what the machine is to /boot/script. The same for all. */
export function greetingScript(urls: BootUrls): string {
  return ipxe.renderScript([GREETING, ipxe.ensureNetwork(), ...askForScript(urls, 1)]);
}

/** The same for an iPXE that has only just been started, and has fetched this by what its firmware left of the network. */
export function autoexecScript(urls: BootUrls): string {
  return ipxe.renderScript([
    GREETING,
    ipxe.resetCounter('tries'),
    ipxe.label('network'),
    ipxe.configureNetwork('nonetwork'),
    ...askForScript(urls, 1),
    ipxe.label('nonetwork'),
    ...ipxe.countTo('tries', MAX_NETWORK_TRIES, 'giveup'),
    ipxe.echo('Bootlayer: no answer by DHCP, asking again'),
    ipxe.sleep(SECONDS_BETWEEN_ATTEMPTS),
    ipxe.goto('network'),
  ]);
}

/** Shows why the machine waits, and asks again. */
export function waitingScript(urls: BootUrls, { machine, reason, attempt, isUnknown = false }: Waiting): string {
  const { most, seconds } = isUnknown ? UNKNOWN_PATIENCE : PATIENCE;
  return ipxe.renderScript([
    ipxe.echo(`Bootlayer: ${machine} waits (${attempt} of ${most}): ${reason}`),
    ipxe.sleep(seconds),
    ...askForScript(urls, attempt + 1),
  ]);
}

/** Whether it may wait on. */
export function isPatient({ attempt, isUnknown = false }: Pick<Waiting, 'attempt' | 'isUnknown'>): boolean {
  return attempt < (isUnknown ? UNKNOWN_PATIENCE : PATIENCE).most;
}

/** Leaves the machine to its local disk: a BIOS starts that itself, UEFI goes on in its boot order. */
export function localScript(
  { name, facts }: Pick<Subject, 'name' | 'facts'>,
  why: LocalReason,
  reason: string,
): string {
  const isBios = facts.firmware?.includes('bios') !== false;
  return ipxe.renderScript([
    ipxe.echo(`Bootlayer: ${name} boots its local disk: ${reason}`),
    // Nobody has to read what is as it should be.
    ...(why === 'done' || why === 'assigned' ? [] : [ipxe.sleep(SECONDS_TO_READ)]),
    ...(isBios ? [ipxe.bootFirstDisk()] : []),
    ipxe.exit(),
  ]);
}

/** Says why nothing is booted, with what tells the machine apart to be copied, and goes on to the next boot device. */
export function refusalOf({ name, facts }: Pick<Subject, 'name' | 'facts'>, reason: string): string {
  return ipxe.renderScript([
    ipxe.echo(`Bootlayer: nothing to boot for ${name}`),
    ipxe.echo(`  MAC ${facts.macs.join(' ') || NOTHING}`),
    ipxe.echo(`  UUID ${facts.uuid ?? NOTHING}`),
    ipxe.echo(`  architecture ${facts.architecture ?? NOTHING}`),
    ipxe.echo(`  ${reason}`),
    ipxe.echo('Going on to the next boot device.'),
    ipxe.sleep(SECONDS_TO_READ),
    ipxe.exit(),
  ]);
}

export type RenderedPlan =
  | { readonly kind: 'script'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** The same plan, URLs and capabilities give the same bytes. Refused when iPXE cannot carry a kernel argument. */
export function planScript(
  plan: BootPlan,
  urls: BootUrls,
  { given = NO_CAPABILITIES, unmet = [], shortage }: ScriptNotes = {},
): RenderedPlan {
  const room = plan.kind === 'iso' ? undefined : plan.argumentRoom;
  const filled = fillPlaceholders(kernelArgsOf(plan), placeholderUrls(plan, urls, given), room);
  if (filled.kind === 'refused') return { kind: 'refused', reason: filled.reason };
  const args = argumentWords(filled.commandLine);
  if (args.kind === 'refused') {
    return { kind: 'refused', reason: `kernel argument "${args.argument}" cannot be given by iPXE: ${args.why}` };
  }
  return { kind: 'script', text: ipxe.renderScript(planCommands(plan, urls, { words: args.words, unmet, shortage })) };
}

/** For its screen: `unmet`, what is wished and cannot be done; `shortage`, that its memory is too small. */
type ScriptNotes = {
  readonly given?: GivenCapabilities;
  readonly unmet?: readonly Unmet[];
  readonly shortage?: MemoryShortage | undefined;
};

function planCommands(
  plan: BootPlan,
  urls: BootUrls,
  { words, unmet = [], shortage }: ScriptNotes & { readonly words: Word },
): readonly ipxe.Command[] {
  return [
    ipxe.comment(`machine ${plan.machine}, assignment ${plan.assignment}, plan ${plan.id}`),
    ipxe.echo(`Bootlayer: ${plan.machine} boots ${plan.image.reference} (${shortDigest(plan.image.manifestDigest)})`),
    ...unmet.map((one) => ipxe.echo(`Bootlayer: ${UNMET_TEXTS[one]}`)),
    // It is an estimate, and keeps nobody from booting.
    ...(shortage === undefined ? [] : [ipxe.echo(`Bootlayer: ${describeShortage(shortage)}`)]),
    ipxe.resetCounter('fetches'),
    ipxe.label('fetch'),
    ipxe.freeImages(),
    ...startCommands(plan, urls, words),
    ipxe.label('failed'),
    ...ipxe.countTo('fetches', MAX_FETCHES, 'giveup'),
    ipxe.echo('Bootlayer: that failed (the line above says why), trying again'),
    ipxe.sleep(SECONDS_BETWEEN_ATTEMPTS),
    ipxe.goto('fetch'),
    ipxe.label('giveup'),
    ipxe.echo(`Bootlayer: ${plan.machine} could not be booted, going on to the next boot device`),
    ipxe.sleep(SECONDS_TO_READ),
    ipxe.exit(),
  ];
}

/** A UKI brings its initramfs along. */
function startCommands(plan: BootPlan, urls: BootUrls, words: Word): readonly ipxe.Command[] {
  const fetch = (artifact: Artifact) => urlWord(urls.blob(artifact));
  if (plan.kind === 'iso') return [ipxe.bootDisc(fetch(plan.iso), 'failed')];
  if (plan.kind === 'uki') return [ipxe.kernel(fetch(plan.uki), { words }, 'failed'), ipxe.boot('failed')];
  const last = plan.initramfs.length - 1;
  const named = plan.initramfs.map((artifact, position) => {
    const name = position === last ? 'initrd' : `initrd${position}`;
    return { name, artifact };
  });
  return [
    ipxe.kernel(fetch(plan.kernel), { words, initrds: named.map(({ name }) => name) }, 'failed'),
    ...named.map(({ name, artifact }) => ipxe.initrd(name, fetch(artifact), 'failed')),
    ipxe.boot('failed'),
  ];
}

/** The request for the machine's script, with a bounded number of tries while the server does not answer. */
function askForScript(urls: BootUrls, attempt: number): readonly ipxe.Command[] {
  return [
    ipxe.set('arch', setting('buildarch')),
    ipxe.preferLongMode('arch'),
    ipxe.resetCounter('asked'),
    ipxe.label('ask'),
    ipxe.chain(urlWord(`${urls.script()}?${reportQuery(attempt)}`), 'unanswered'),
    ipxe.label('unanswered'),
    ...ipxe.countTo('asked', MAX_ATTEMPTS, 'giveup'),
    ipxe.echo('Bootlayer: the server does not answer, asking again'),
    ipxe.sleep(SECONDS_BETWEEN_ATTEMPTS),
    ipxe.goto('ask'),
    ipxe.label('giveup'),
    ipxe.echo('Bootlayer: nobody answered, going on to the next boot device'),
    ipxe.sleep(SECONDS_TO_READ),
    ipxe.exit(),
  ];
}

/** What iPXE knows of its machine; unknown settings are empty. `netX` is the network card in use. */
function reportQuery(attempt: number): string {
  const report: readonly (readonly [string, string])[] = [
    ['mac', setting('netX/mac', 'hexhyp')],
    ['uuid', setting('uuid')],
    ['serial', setting('serial', 'uristring')],
    ['asset', setting('asset', 'uristring')],
    ['manufacturer', setting('manufacturer', 'uristring')],
    ['product', setting('product', 'uristring')],
    ['hostname', setting('hostname', 'uristring')],
    ['ip', setting('netX/ip')],
    ['buildarch', setting('arch')],
    ['platform', setting('platform')],
    ['secureboot', setting('efi/SecureBoot', 'int8')],
    ['memory', setting('memsize')],
    ['modules', memoryModules()],
  ];
  return [...report.map(([name, value]) => `${name}=${value}`), `attempt=${attempt}`].join('&');
}
