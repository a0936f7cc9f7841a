/** How a place was asked for all that is wanted of it. */
export type Round = {
  /** What it did not give, or was not asked for any more. */
  readonly missing: readonly string[];
  /** What it was asked for in vain, remembered or not: the next round begins with the others. */
  readonly failed: ReadonlySet<string>;
};

/** `remembered`: the place did not give it, and what it gave before does. */
export type Answer = 'given' | 'remembered' | 'unreachable' | 'refused';

/** So often in a row: one that is slow to fail would be waited for again and again. */
const MAX_UNREACHABLE = 3;

export type Asking<T> = {
  readonly ask: (one: T) => Promise<Answer>;
  /** Goes by what is remembered of it; whether that is all that is wanted. */
  readonly recall: (one: T) => Promise<boolean>;
};

/**
 * Asks one after another. A place that cannot be reached several times in a row is left alone: for the rest of it, what is
 * remembered must do. Nothing is begun after the signal.
 */
export async function askInTurn<T extends { readonly text: string }>(
  wanted: readonly T[],
  { ask, recall }: Asking<T>,
  { failedBefore, signal }: { readonly failedBefore: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<Round> {
  const missing: string[] = [];
  const failed = new Set<string>();
  let unreachable = 0;
  for (const one of inOrder(wanted, failedBefore)) {
    if (signal.aborted || unreachable >= MAX_UNREACHABLE) {
      if (signal.aborted || !(await recall(one))) missing.push(one.text);
      continue;
    }
    const answer = await ask(one);
    unreachable = answer === 'unreachable' || answer === 'remembered' ? unreachable + 1 : 0;
    if (answer !== 'given') failed.add(one.text);
    if (answer === 'unreachable' || answer === 'refused') missing.push(one.text);
  }
  return { missing, failed };
}

function inOrder<T extends { readonly text: string }>(wanted: readonly T[], last: ReadonlySet<string>): readonly T[] {
  return wanted.toSorted((one, other) => Number(last.has(one.text)) - Number(last.has(other.text)));
}
