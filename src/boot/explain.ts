import { type Answer, type Candidate, judgeKey, keysOf, matchSelector, type SelectorKey } from '../machine/selector.js';
import type { Assignment } from './assignment.js';

/** What became of one assignment when a machine was judged by all of them. */
export type Tried = {
  readonly assignment: Assignment;
  readonly answer: Answer;
  /** What each of its keys says. */
  readonly keys: readonly { readonly key: SelectorKey; readonly answer: Answer }[];
  readonly outcome: Outcome;
};

/**
 * `wins`: the first yes. `open`: it cannot be judged yet and stands before the first yes, so a later step of the boot
 * may still take it. `outranked`: it matches or might, and one that matches stands before it. `differs`: it does not
 * match.
 */
export type Outcome = 'wins' | 'open' | 'outranked' | 'differs';

/** Asks every assignment, in their order, and says why it was taken or not. Pure. */
export function explainSelection(ordered: readonly Assignment[], candidate: Candidate): readonly Tried[] {
  let isWon = false;
  return ordered.map((assignment) => {
    const { match } = assignment;
    const answer = matchSelector(match, candidate);
    const keys = keysOf(match).map((key) => ({ key, answer: judgeKey(key, match, candidate) }));
    const outcome = outcomeOf(answer, isWon);
    isWon ||= answer === 'yes';
    return { assignment, answer, keys, outcome };
  });
}

function outcomeOf(answer: Answer, isWon: boolean): Outcome {
  if (answer === 'no') return 'differs';
  if (isWon) return 'outranked';
  return answer === 'yes' ? 'wins' : 'open';
}
