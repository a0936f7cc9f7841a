import type { ErrorCode } from '../errors.js';

/** How a place was asked for all that is wanted of it. */
export type Round = {
  /** What it did not give, or was not asked for any more. */
  readonly missing: readonly string[];
  /** What it was asked for in vain: the next round begins with the others. */
  readonly failed: ReadonlySet<string>;
};

/** So often in a row: one that is slow to fail would be waited for again and again. */
const MAX_UNREACHABLE = 3;

/**
 * Asks one after another; `ask` answers why it got nothing. A place that cannot be reached several times in a row is left
 * alone. After the signal nothing more is asked for.
 */
export async function askInTurn<T extends { readonly text: string }>(
  wanted: readonly T[],
  ask: (one: T) => Promise<ErrorCode | undefined>,
  { failedBefore, signal }: { readonly failedBefore: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<Round> {
  const missing: string[] = [];
  const failed = new Set<string>();
  let unreachable = 0;
  for (const one of inOrder(wanted, failedBefore)) {
    const isLeftAlone = signal.aborted || unreachable >= MAX_UNREACHABLE;
    const problem = isLeftAlone ? undefined : await ask(one);
    if (problem !== undefined) failed.add(one.text);
    if (isLeftAlone || problem !== undefined) missing.push(one.text);
    if (!isLeftAlone) unreachable = problem === 'REGISTRY_UNREACHABLE' ? unreachable + 1 : 0;
  }
  return { missing, failed };
}

function inOrder<T extends { readonly text: string }>(wanted: readonly T[], last: ReadonlySet<string>): readonly T[] {
  return wanted.toSorted((one, other) => Number(last.has(one.text)) - Number(last.has(other.text)));
}
