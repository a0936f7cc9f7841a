import {
  type Candidate,
  judgeKey,
  keysOf,
  matchSelector,
  type Selector,
  type SelectorKey,
} from '../machine/selector.js';
import type { Assignment } from './assignment.js';

/**
 * What the facts at hand say. `undecided`: an assignment that cannot be judged yet stands before the first definite
 * yes, so a later step of the boot must decide; `fallback` is that definite yes.
 */
export type Selection =
  | { readonly kind: 'selected'; readonly assignment: Assignment }
  | { readonly kind: 'undecided'; readonly assignment: Assignment; readonly fallback: Assignment | undefined }
  | { readonly kind: 'none' };

/** Pure. `assignments` are in the order of `orderAssignments`; the first yes wins and nothing is merged. */
export function selectAmong(assignments: readonly Assignment[], candidate: Candidate): Selection {
  let open: Assignment | undefined;
  for (const assignment of assignments) {
    const answer = matchSelector(assignment.match, candidate);
    if (answer === 'yes') {
      return open === undefined
        ? { kind: 'selected', assignment }
        : { kind: 'undecided', assignment: open, fallback: assignment };
    }
    if (answer === 'unknown') open ??= assignment;
  }
  return open === undefined ? { kind: 'none' } : { kind: 'undecided', assignment: open, fallback: undefined };
}

/** What the machine will not say any more is not so: the last step of a boot takes every unknown for a no. */
export function settle(selection: Selection): Assignment | undefined {
  switch (selection.kind) {
    case 'selected':
      return selection.assignment;
    case 'undecided':
      return selection.fallback;
    case 'none':
      return undefined;
  }
}

/** Of an assignment that cannot be judged: the keys whose facts are missing. Pure. */
export function missingFacts({ match }: Pick<Assignment, 'match'>, candidate: Candidate): readonly SelectorKey[] {
  return keysOf(match).filter((key) => judgeKey(key, match, candidate) === 'unknown');
}

/**
 * Priority (higher first); then the most telling kind of key; then, within the kind, longer prefixes and more labels;
 * then the name. A total order, so that there is always one winner.
 */
export function orderAssignments(assignments: readonly Assignment[]): readonly Assignment[] {
  return [...assignments].sort(
    (a, b) =>
      b.priority - a.priority ||
      kindRank(a.match) - kindRank(b.match) ||
      weight(b.match) - weight(a.match) ||
      (a.name < b.name ? -1 : Number(a.name > b.name)),
  );
}

const KINDS: readonly (readonly (keyof Selector)[])[] = [
  ['machine', 'mac', 'uuid', 'serial', 'asset'],
  ['ip'],
  ['hostname', 'labels'],
  ['product', 'manufacturer'],
  ['arch', 'firmware'],
];

/** The place of its most telling key; `{}` comes last. */
function kindRank(selector: Selector): number {
  const rank = KINDS.findIndex((keys) => keys.some((key) => selector[key] !== undefined));
  return rank === -1 ? KINDS.length : rank;
}

/** Among addresses the shortest prefix counts (it is what may match); among names and labels how many are asked for. */
function weight(selector: Selector): number {
  const rank = kindRank(selector);
  const kind = KINDS[rank] ?? [];
  if (kind.includes('ip')) {
    return (selector.ip ?? []).reduce((least, { prefixLength }) => Math.min(least, prefixLength), 128);
  }
  if (!kind.includes('labels')) return 0;
  return Object.keys(selector.labels ?? {}).length + (selector.hostname === undefined ? 0 : 1);
}
