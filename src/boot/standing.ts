/**
 * Where a machine stands with the policies that it boots by, whichever assignment it has now: what it has reported, and what the
 * operator wishes of it. Times: milliseconds since the epoch.
 */
export type Standing = {
  /** The name that it had last, for people. */
  readonly machine: string;
  readonly done?: Done;
  readonly reprovision?: Reprovision;
  readonly next?: NextBoot;
  /** Attempts before then do not count. */
  readonly releasedAt?: number;
};

/** That it is installed. */
export type Done = {
  readonly at: number;
  /** Who says so. */
  readonly by: 'report' | 'start' | 'operator';
  /** The boot in which it was; missing where the operator says so. */
  readonly boot?: string;
  /** Where it was said of another that has or reports what it is known by: the name of that. */
  readonly as?: string;
};

/**
 * Since when the whole state was in doubt as this was wished (`Standings.allDoubtedSince`): the operator knew of that. Times do not
 * tell, since a state that a clock wrote which was ahead is in doubt from a time on that is yet to come.
 */
export type InDoubt = number;

/** From then on it is not done any more. */
export type Reprovision = {
  readonly at: number;
  readonly wishedAt: number;
  readonly inDoubt?: InDoubt;
  /** The boot that serves it: when that is done, so is this, whatever the time of day is then. */
  readonly boot?: string;
};

/** What it boots next, whatever else counts, and once. */
export type NextBoot = {
  /** No other wish has it. */
  readonly id: string;
  /** Canonical reference. */
  readonly image: string;
  /** Missing: as the assignment says. */
  readonly variant?: string;
  readonly wishedAt: number;
  readonly inDoubt?: InDoubt;
  /** The boot that has got it: later ones do not, once that was sent what it starts. */
  readonly boot?: string;
};

/** Pure. */
export function isDone({ done, reprovision }: Standing, now: number): boolean {
  return done !== undefined && (reprovision === undefined || now < reprovision.at);
}

/**
 * It is done by a boot that began then. One that began before a new installation was due says nothing of that, unless it is known
 * to serve it; what is told again changes nothing. Pure.
 */
export function withDone(standing: Standing, done: Done, beganAt: number): Standing {
  const { reprovision, ...rest } = standing;
  if (reprovision?.boot !== undefined && reprovision.boot === done.boot) return { ...rest, done };
  // Told again: times of a clock that was set back meanwhile say nothing.
  if (done.boot !== undefined && done.boot === standing.done?.boot) return standing;
  const isDue = reprovision !== undefined && reprovision.at <= done.at;
  if (isDue && beganAt < reprovision.at) return standing;
  if (!isDue && standing.done !== undefined) return standing;
  return { ...rest, ...(reprovision !== undefined && !isDue && { reprovision }), done };
}

/** Whether it is told anew that it is done, or is to be installed: whatever was known of that before does not matter then. Pure. */
export function isToldAnew(before: Standing, after: Standing): boolean {
  const [done, wish] = [after.done, after.reprovision];
  return (
    (done !== undefined && done !== before.done) ||
    (wish !== undefined && wish.wishedAt !== before.reprovision?.wishedAt)
  );
}

/**
 * Of what has happened, as this tells it: milliseconds since the epoch, 0 for nothing. A release says nothing of it, since that may
 * be of the time of an attempt. Pure.
 */
export function newestTime({ done, reprovision, next }: Standing): number {
  return Math.max(done?.at ?? 0, reprovision?.wishedAt ?? 0, next?.wishedAt ?? 0);
}

/** The boot serves the new installation. Pure. */
export function withReprovisionIn(standing: Standing, boot: string): Standing {
  const { reprovision } = standing;
  if (reprovision === undefined || reprovision.boot === boot) return standing;
  return { ...standing, reprovision: { ...reprovision, boot } };
}

/** What an operator changes; `null` takes back. */
export type StandingChange = {
  /** It is, whoever installed it. */
  readonly done?: true;
  readonly reprovision?: { readonly at: number } | null;
  readonly next?: Pick<NextBoot, 'image' | 'variant'> | null;
  /** It may be booted again, however often it was. */
  readonly release?: true;
};

/** When, and in which doubt of the state. */
export type ChangedAt = {
  readonly now: number;
  readonly inDoubt?: InDoubt | undefined;
  /** The newest time of an attempt: one of a clock that was ahead counts no more either once the machine is released. */
  readonly attemptedAt?: number;
  /** One that no other wish has. */
  readonly newId: () => string;
};

/** Pure. */
export function withChange(standing: Standing, change: StandingChange, at: ChangedAt): Standing {
  const { now } = at;
  const { done, reprovision, next, releasedAt, machine } = standing;
  const kept = change.done === undefined ? done : { at: now, by: 'operator' as const };
  const wish = wishAfter(change, reprovision, at);
  const one = nextAfter(change, next, at);
  const released = change.release === true ? Math.max(now, at.attemptedAt ?? 0) : releasedAt;
  return {
    machine,
    ...(kept !== undefined && { done: kept }),
    ...(wish !== undefined && { reprovision: wish }),
    ...(one !== undefined && { next: one }),
    ...(released !== undefined && { releasedAt: released }),
  };
}

/** Who says that it is done wants no installation any more. */
function wishAfter(change: StandingChange, wish: Reprovision | undefined, at: ChangedAt): Reprovision | undefined {
  if (change.reprovision === null) return undefined;
  if (change.reprovision !== undefined) return { at: change.reprovision.at, ...wishedAt(at) };
  return change.done === undefined ? wish : undefined;
}

function nextAfter({ next: change }: StandingChange, next: NextBoot | undefined, at: ChangedAt): NextBoot | undefined {
  if (change === null) return undefined;
  return change === undefined ? next : { id: at.newId(), ...wishedAt(at), ...change };
}

function wishedAt({ now, inDoubt }: ChangedAt): Pick<Reprovision, 'wishedAt' | 'inDoubt'> {
  return { wishedAt: now, ...(inDoubt !== undefined && { inDoubt }) };
}
