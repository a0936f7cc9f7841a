import { counted, formatDuration } from '../format.js';
import type { BootMethod } from './boot-method.js';
import type { ClockSense } from './clock-sense.js';
import { type Done, isDone, type NextBoot, type Standing } from './standing.js';

export const POLICY_MODES = ['always', 'once', 'hold'] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

/** What makes a machine done: that it says so (`POST /boot/done/<capability>`), or that it was sent all that it starts. */
export const DONE_WHEN = ['reported', 'started'] as const;
export type DoneWhen = (typeof DONE_WHEN)[number];

/** How often a machine boots what it is assigned to. */
export type Policy = {
  /** `once`: until it is done, then its local disk. `hold`: its local disk. */
  readonly mode: PolicyMode;
  readonly doneWhen: DoneWhen;
  readonly limit?: AttemptLimit;
};

export const MOST_ATTEMPTS = 100;
/** Milliseconds: boots are kept as long. */
export const LONGEST_WINDOW = 30 * 86_400_000;

/** A machine that fetched its kernel, UKI or ISO in so many boots within the window (milliseconds) is held. */
export type AttemptLimit = { readonly maxAttempts: number; readonly window: number };

export const ALWAYS: Policy = { mode: 'always', doneWhen: 'reported' };

/** Whether whoever asks is that machine; anybody can say so. */
export type Requester = { readonly kind: 'shown' } | { readonly kind: 'doubted'; readonly reason: string };

export const SHOWN: Requester = { kind: 'shown' };

/** Why it cannot be known whether a machine is done, though the state does not say so. */
export type Doubt =
  /** The state is there since then in place of another, or may lack the newest. */
  | { readonly kind: 'since'; readonly at: number }
  /** What it said of the machine was damaged. */
  | { readonly kind: 'damaged' };

/** What is known of a machine when it asks what to boot. */
export type Circumstances = {
  readonly policy: Policy;
  /** How its assignment wants it booted. */
  readonly method?: BootMethod;
  /** undefined where the machine has none. */
  readonly standing: Standing | undefined;
  /** undefined: what the state says of the machine is whole. */
  readonly doubt: Doubt | undefined;
  readonly clock: ClockSense;
  /** Whether that it is done could be kept. */
  readonly hasRoom: boolean;
  /** Of other boots than this one: milliseconds since the epoch. */
  readonly attempts: readonly number[];
  readonly requester: Requester;
  /** Why the assignment does not count that it is for. */
  readonly outOfForce?: string | undefined;
  readonly now: number;
};

/** Why a machine boots its disk that is not to boot an image at all. */
export const BOOTS_DISK = 'its assignment says so (boot: local)';

/** Why a machine is sent to its local disk. */
export type LocalReason = 'assigned' | 'done' | 'hold' | 'attempts' | 'doubted';

export type Verdict =
  | { readonly kind: 'image' }
  /** What the operator wishes for the next boot alone. */
  | { readonly kind: 'next'; readonly next: NextBoot }
  | { readonly kind: 'local'; readonly why: LocalReason; readonly reason: string }
  /** It cannot be known whether it is done, or what is meant for it: it waits, and goes to its local disk then. */
  | { readonly kind: 'unsure'; readonly why: UnsureWhy; readonly reason: string };

/** What does not count that is meant for it, the clock of the server, its state, or its room for more machines. */
export type UnsureWhy = 'out-of-force' | 'clock' | 'standing' | 'room';

const UNSURE: Readonly<Record<Doubt['kind'], string>> = {
  since: 'whether it is done is not known, since the state of the server was lost or replaced',
  damaged: 'whether it is done is not known, since the state of the server was damaged',
};
const NO_ROOM =
  'as many machines without a record as can be are known to be done: give those a record that are to stay, or forget some';

/**
 * What the policy says, the operator's wish for the next boot before all else. Nobody is installed of whom it is not known that
 * it is to be, or who asks. Pure.
 */
export function judge(circumstances: Circumstances): Verdict {
  const { policy, method, requester, outOfForce } = circumstances;
  const next = wishIn(circumstances);
  if (next !== undefined && requester.kind === 'shown') return { kind: 'next', next };
  if (outOfForce !== undefined) return unsure('out-of-force', outOfForce);
  if (method === 'local') return local('assigned', BOOTS_DISK);
  if (policy.mode === 'hold') return local('hold', 'its assignment holds it');
  if (!isRestricted(policy)) return { kind: 'image' };
  if (requester.kind === 'doubted') return local('doubted', `it is not shown to ask itself: ${requester.reason}`);
  const once = policy.mode === 'once' ? judgeOnce(circumstances) : undefined;
  return once ?? tooOften(circumstances) ?? { kind: 'image' };
}

/** undefined: it is to be installed. */
function judgeOnce({ standing, doubt, clock, hasRoom, now }: Circumstances): Verdict | undefined {
  const isWaited = clock.kind === 'unset' && standing?.reprovision !== undefined;
  if (standing !== undefined && isDone(standing, now) && !isWaited) return local('done', doneText(standing.done));
  if (clock.kind === 'unset') return unsure('clock', clock.reason);
  if (doubt !== undefined && !isWished(standing, doubt, now)) return unsure('standing', UNSURE[doubt.kind]);
  return hasRoom ? undefined : unsure('room', NO_ROOM);
}

/** Whether a machine is done by its own word alone. */
export function mustReport({ mode, doneWhen }: Policy): boolean {
  return mode === 'once' && doneWhen === 'reported';
}

/** Whether a machine is done as soon as it was sent all that it starts. */
export function isDoneOnceStarted({ mode, doneWhen }: Policy): boolean {
  return mode === 'once' && doneWhen === 'started';
}

/** Whether it matters who asks, and how often. */
export function isRestricted({ mode, limit }: Policy): boolean {
  return mode !== 'always' || limit !== undefined;
}

/** Within the window, and since the operator let go of the machine. */
export function countedAttempts(
  attempts: readonly number[],
  { window }: AttemptLimit,
  { standing, now }: Pick<Circumstances, 'standing' | 'now'>,
): number {
  const since = Math.max(now - window, standing?.releasedAt ?? 0);
  // A clock that was set back leaves attempts in the future, which were made all the same.
  return attempts.filter((at) => at > since).length;
}

/** When so many attempts are counted no more that the next is allowed; undefined where it is now. */
export function heldUntil(
  attempts: readonly number[],
  limit: AttemptLimit,
  known: Pick<Circumstances, 'standing' | 'now'>,
): number | undefined {
  const count = countedAttempts(attempts, limit, known);
  if (count < limit.maxAttempts) return undefined;
  const newest = [...attempts].sort((a, b) => b - a);
  const last = newest[limit.maxAttempts - 1];
  return last === undefined ? undefined : last + limit.window;
}

function tooOften({ policy: { limit }, attempts, standing, now }: Circumstances): Verdict | undefined {
  if (limit === undefined) return undefined;
  const count = countedAttempts(attempts, limit, { standing, now });
  if (count < limit.maxAttempts) return undefined;
  const often = `it was booted ${counted(count, 'time')} within ${formatDuration(limit.window)}`;
  return local('attempts', `${often}, which is all that its policy allows`);
}

/** One of a state in doubt may have been fulfilled since. */
function wishIn({ standing, doubt }: Circumstances): NextBoot | undefined {
  const next = standing?.next;
  return next === undefined || (doubt?.kind === 'since' && !isAware(next, doubt.at)) ? undefined : next;
}

/** By the operator, who knew then: what is said of a machine whose row was damaged ends the doubt. */
function isWished(standing: Standing | undefined, doubt: Doubt, now: number): boolean {
  const wish = standing?.reprovision;
  return wish !== undefined && doubt.kind === 'since' && isAware(wish, doubt.at) && wish.at <= now;
}

/** It was wished by somebody who knew of the doubt of since then. */
function isAware({ wishedAt, inDoubt }: Pick<NextBoot, 'wishedAt' | 'inDoubt'>, since: number): boolean {
  return wishedAt >= since || inDoubt === since;
}

function doneText(done: Done | undefined): string {
  if (done === undefined) return 'it is done';
  const since = `it is done since ${new Date(done.at).toISOString()}`;
  return done.as === undefined ? since : `${since}, as ${done.as}`;
}

function unsure(why: UnsureWhy, reason: string): Verdict {
  return { kind: 'unsure', why, reason };
}

function local(why: LocalReason, reason: string): Verdict {
  return { kind: 'local', why, reason };
}
