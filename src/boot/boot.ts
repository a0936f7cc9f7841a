import type { Role } from '../image/role.js';
import type { Digest } from '../oci/digest.js';
import type { BootEvent } from './event.js';

/** One start of one machine, from the first packet of its firmware to what its system reports. Times: milliseconds since the epoch. */
export type Boot = {
  readonly id: string;
  readonly machine: string;
  readonly beganAt: number;
  /** Of its last step. */
  readonly lastAt: number;
  readonly state: BootState;
  /** Why it is in this state, where that is worth a word. */
  readonly reason?: string;
  /** What it is about to start, as far as that is decided. */
  readonly assignment?: string;
  readonly image?: string;
  readonly plan?: Digest;
  /** When the machine itself asked for the kernel, UKI or ISO first: from then on the boot counts as an attempt. */
  readonly attemptedAt?: number;
  /**
   * When it had been sent completely, or began to be read as a disc, which never shows whether it was enough, or its system fetched its
   * configuration: what the machine asks to be told after that is a new boot.
   */
  readonly startSentAt?: number;
  /** By its policy it is done when it has all that it starts. */
  readonly isDoneByStart?: true;
  /** How many steps were told of it. */
  readonly steps: number;
  /** No entry named the machine when it began. */
  readonly isStranger?: true;
};

/** How far it has come. */
export const BOOT_STATES = [
  /** It was told nothing by DHCP. */
  'unanswered',
  /** It was told by DHCP what to load. */
  'offered',
  /** It has a boot loader, or the first script. */
  'loading',
  /** Its image is not ready. */
  'waiting',
  /** It was told what to start. */
  'planned',
  /** That is under way. */
  'fetching',
  /** It has all that firmware or iPXE fetches before they start it. */
  'started',
  /** It is installed. */
  'done',
  /** Its policy sent it to its local disk. */
  'local',
  /** It was told why it is not booted. */
  'refused',
] as const;
export type BootState = (typeof BOOT_STATES)[number];

/** What anybody can bring about in the name of any machine: an answer of DHCP, and a refusal. */
export const DOUBTFUL_STATES: ReadonlySet<BootState> = new Set(['unanswered', 'offered', 'local', 'refused']);

/** What happens in a boot; the other events are about images and the server. */
const STEP_EVENTS = [
  'dhcp.answered',
  'dhcp.unanswered',
  'dhcp.elsewhere',
  'loader.sent',
  'loader.aborted',
  'loader.repeated',
  'file.refused',
  'file.unanswered',
  'greeting.sent',
  'script.sent',
  'script.waiting',
  'script.refused',
  'script.local',
  'boot.held',
  'boot.done',
  'provision.sent',
  'provision.refused',
  'identity.mismatch',
  'machine.enrolled',
  'uki.planned',
  'uki.replaced',
  'uki.local',
  'uki.refused',
  'machine.contradicted',
  'plan.unsaved',
  'artifact.started',
  'artifact.sent',
  'artifact.aborted',
] as const satisfies readonly BootEvent['event'][];

export type StepEvent = Extract<BootEvent, { readonly event: (typeof STEP_EVENTS)[number] }>;

/** One that says whose it is. */
export type StepOfMachine = StepEvent & { readonly machine: string };

export type BootStep = { readonly at: number; readonly event: StepEvent };

/** Without a step for so long, and with nothing on its way to the machine, it is over: firmware repeats itself within seconds. */
export const SILENCE_MILLISECONDS = 120_000;

/** What the machine starts, not what that loads. */
const STARTS: ReadonlySet<Role> = new Set(['kernel', 'uki', 'iso']);
/** The last layer that iPXE or firmware fetches before anything of the image runs; of slices, each says so itself. */
const LAST_OF_START: ReadonlySet<Role> = new Set(['initramfs', 'uki', 'iso']);

/** To its next boot device. */
const SENT_ON: ReadonlySet<BootState> = new Set(['local', 'refused']);

const STEPS: ReadonlySet<BootEvent['event']> = new Set(STEP_EVENTS);

/** The step that an event is, if it is one and says whose. */
export function stepIn(event: BootEvent): StepOfMachine | undefined {
  return isStep(event) && hasMachine(event) ? event : undefined;
}

function isStep(event: BootEvent): event is StepEvent {
  return STEPS.has(event.event);
}

function hasMachine(step: StepEvent): step is StepOfMachine {
  return step.machine !== undefined;
}

/** To which boot a step belongs. */
export type Belonging =
  /** To a new one. */
  | 'begins'
  /** To the one that is there. */
  | 'goes-on'
  /** To none: it came late, or from nowhere. */
  | 'alone';

/** What is known of a machine's last boot. */
export type LastBoot = {
  readonly boot: Boot;
  /** Transfers to it that are under way. */
  readonly running: number;
  /** Milliseconds since its last step: the time of day may be set meanwhile. */
  readonly silence: number;
};

/**
 * Protocols repeat their steps: a boot begins with a step that opens one, where the last boot of the machine is over, or has
 * got all that it starts. Who asks again for the plan that it has just got is still in its boot. Pure.
 */
export function belongingOf(step: StepEvent, last: LastBoot | undefined): Belonging {
  const opens = opensBoot(step);
  if (last === undefined) return opens ? 'begins' : 'alone';
  const { boot } = last;
  const isOver = isOverAt(last);
  if (!opens) return isOver && boot.startSentAt === undefined ? 'alone' : 'goes-on';
  // It was sent on to its next boot device, and is there again.
  if (isOver || (SENT_ON.has(boot.state) && isOfDhcp(step))) return 'begins';
  return boot.startSentAt === undefined || asksAgain(step, boot) ? 'goes-on' : 'begins';
}

/** Whether who asks for its script now is in its last boot, or begins another. */
export function isInLastBoot(last: LastBoot | undefined): boolean {
  return last !== undefined && !isOverAt(last) && last.boot.startSentAt === undefined;
}

function isOverAt({ running, silence }: LastBoot): boolean {
  return running === 0 && silence >= SILENCE_MILLISECONDS;
}

/** A DISCOVER of firmware, not of iPXE; a script; or what firmware starts by itself. */
function opensBoot(step: StepEvent): boolean {
  switch (step.event) {
    case 'dhcp.answered':
    case 'dhcp.unanswered':
      return step.firmware !== undefined && step.step === 'offer';
    case 'script.sent':
    case 'script.waiting':
    case 'script.refused':
    case 'script.local':
    case 'uki.planned':
    case 'uki.replaced':
    case 'uki.local':
    case 'uki.refused':
      return true;
    default:
      return false;
  }
}

function isOfDhcp({ event }: StepEvent): boolean {
  return event === 'dhcp.answered' || event === 'dhcp.unanswered';
}

/** EDK2 asks for the size, maybe twice, and then for the file: each may be told of. */
function asksAgain(step: StepEvent, { plan }: Boot): boolean {
  return step.event === 'uki.planned' && step.plan === plan;
}

/** A boot of this machine that begins with its first step, which `withStep` adds. */
export function newBoot(id: string, machine: string, now: number): Boot {
  return { id, machine, beganAt: now, lastAt: now, state: 'offered', steps: 0 };
}

/** The boot after the step. Pure. */
export function withStep({ reason, ...boot }: Boot, step: BootStep): Boot {
  const next = stepped(boot, step);
  return reason === undefined || next.state !== boot.state ? next : { reason, ...next };
}

/** `boot`: without the reason, which is that of its state. */
function stepped(boot: Boot, { at, event }: BootStep): Boot {
  const next = { ...boot, lastAt: Math.max(at, boot.lastAt), steps: boot.steps + 1 };
  switch (event.event) {
    case 'dhcp.unanswered':
      return boot.steps === 0 ? { ...next, state: 'unanswered', reason: event.reason } : next;
    case 'dhcp.answered':
      return { ...atLeast(next, 'offered'), ...(event.assignment !== undefined && { assignment: event.assignment }) };
    case 'loader.sent':
    case 'greeting.sent':
    case 'uki.replaced':
      return atLeast(next, 'loading');
    case 'script.waiting':
      return { ...next, state: 'waiting', ...(event.image !== undefined && { image: event.image }) };
    case 'script.refused':
    case 'uki.refused':
      return { ...next, state: 'refused', reason: event.reason };
    case 'script.local':
    case 'uki.local':
      return { ...next, state: 'local', assignment: event.assignment, reason: event.reason };
    case 'boot.done':
      return { ...next, state: 'done' };
    case 'provision.sent':
      return { ...next, startSentAt: boot.startSentAt ?? at };
    case 'script.sent':
    case 'uki.planned':
      return planned(next, event);
    case 'artifact.started':
      return fetching(next, event, at);
    case 'artifact.sent':
      return fetched(next, event, at);
    default:
      return next;
  }
}

function planned(
  { isDoneByStart: _before, ...boot }: Boot,
  { assignment, image, plan, isDoneByStart }: Extract<StepEvent, { event: 'script.sent' | 'uki.planned' }>,
): Boot {
  return { ...boot, state: 'planned', assignment, image, plan, ...(isDoneByStart === true && { isDoneByStart }) };
}

function atLeast(boot: Boot, state: BootState): Boot {
  return BOOT_STATES.indexOf(boot.state) < BOOT_STATES.indexOf(state) ? { ...boot, state } : boot;
}

function fetching(boot: Boot, event: Extract<StepEvent, { event: 'artifact.started' }>, at: number): Boot {
  const { role, slice, isShown, isDisc = false } = event;
  if (slice === 'unplanned') return boot;
  const begun = isDisc && STARTS.has(role) ? { startSentAt: boot.startSentAt ?? at } : {};
  const isAttempt = STARTS.has(role) && isShown === true && boot.attemptedAt === undefined;
  // What it fetches later is fetched by its system.
  const next = { ...boot, state: isUp(boot) ? boot.state : ('fetching' as const) };
  // What somebody else reads in the machine's name is nothing that it starts.
  if (!isAttempt) return boot.attemptedAt === undefined || isShown === true ? { ...next, ...begun } : next;
  // What somebody else was sent before in its name does not count.
  const { startSentAt: _others, ...own } = next;
  return { ...own, attemptedAt: at, ...(isDisc && { startSentAt: at }) };
}

function isUp({ state }: Boot): boolean {
  return state === 'started' || state === 'done';
}

/**
 * A part alone is no start, but the last one is: firmware goes on with what broke off (edk2: PcdMaxHttpResumeRetries). Of a disc nobody
 * knows when that is, so that it counts from its beginning.
 */
function fetched(boot: Boot, event: Extract<StepEvent, { event: 'artifact.sent' }>, at: number): Boot {
  const { role, slice, range, isRest = false, isDisc = false, isShown = false } = event;
  if (slice === 'unplanned' || (range !== undefined && !isRest) || isDisc) return boot;
  // What somebody else fetches in the machine's name is nothing that it starts.
  if (boot.attemptedAt !== undefined && !isShown) return boot;
  const sent = STARTS.has(role) && boot.startSentAt === undefined ? { startSentAt: at } : {};
  const isLast = slice === undefined ? LAST_OF_START.has(role) : slice === 'last';
  return { ...boot, ...sent, ...(isLast && !isUp(boot) && { state: 'started' as const }) };
}
