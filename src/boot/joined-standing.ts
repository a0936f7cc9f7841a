import type { Done, Reprovision, Standing } from './standing.js';

/**
 * Where a machine stands of which several standings are found by what it is known by: done is who is done by any, a wish counts
 * that no other of them has fulfilled since, and of several the newest. In whatever order they come, but for the name. Pure.
 */
export function joinStandings(standings: readonly Standing[]): Standing | undefined {
  const [first, ...others] = standings;
  if (first === undefined || others.length === 0) return first;
  const done = newest(
    standings.flatMap((one) => one.done ?? []),
    ({ at }) => at,
  );
  const reprovision = newest(
    standings.flatMap((one) => (isFulfilled(one, standings) ? [] : (one.reprovision ?? []))),
    ({ wishedAt }) => wishedAt,
  );
  const next = newest(
    standings.flatMap((one) => one.next ?? []),
    ({ wishedAt }) => wishedAt,
  );
  const releasedAt = standings.flatMap((one) => one.releasedAt ?? []);
  return {
    machine: first.machine,
    ...(done !== undefined && { done }),
    ...(reprovision !== undefined && { reprovision }),
    ...(next !== undefined && { next }),
    ...(releasedAt.length > 0 && { releasedAt: Math.max(...releasedAt) }),
  };
}

/**
 * What others' standings say of a stranger that reports what they are known by: that it is done, unless it was wished since, of
 * the stranger itself, that it is installed anew. Whoever claims what is another's is not installed by it, and gets nothing that was
 * wished of that one; strangers that it claims are not installed either, once it is done. Pure.
 */
export function withEvidence(own: Standing, others: readonly Standing[]): Standing {
  const found = newest(
    others.flatMap(({ machine, done }) => (done === undefined ? [] : { ...done, as: machine })),
    ({ at }) => at,
  );
  if (found === undefined) return own;
  const { reprovision, ...rest } = own;
  // What was wished since counts from when it is due on.
  if (reprovision === undefined || reprovision.wishedAt > found.at)
    return own.done === undefined ? { ...own, done: found } : own;
  return { ...rest, done: found };
}

/** By another of them that is done since it was due: of its own the standing knows more than the times. */
function isFulfilled(of: Standing, standings: readonly Standing[]): boolean {
  const { reprovision } = of;
  return (
    reprovision !== undefined &&
    standings.some((other) => other !== of && other.done !== undefined && isSince(other.done, reprovision))
  );
}

function isSince(done: Done, { at, wishedAt }: Reprovision): boolean {
  return done.at >= Math.max(at, wishedAt);
}

/** Of those of one time, the one whose text is last, so that it does not matter which comes first. */
function newest<T>(all: readonly T[], at: (one: T) => number): T | undefined {
  return [...all].sort((one, other) => at(other) - at(one) || byText(other, one))[0];
}

function byText(one: unknown, other: unknown): number {
  const [text, otherText] = [JSON.stringify(one), JSON.stringify(other)];
  if (text === otherText) return 0;
  return text < otherText ? -1 : 1;
}
