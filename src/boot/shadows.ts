import type { Selector, SelectorKey } from '../machine/selector.js';
import { keysOf } from '../machine/selector.js';
import { type Subnet, subnetHolds } from '../net/ip.js';
import type { Assignment } from './assignment.js';

/** An assignment that can never win: whenever it matches, so does one that stands before it. */
export type Shadow = { readonly assignment: Assignment; readonly by: Assignment };

/** Pure. `ordered` as `orderAssignments` gives them; the first that shadows each is named. */
export function findShadows(ordered: readonly Assignment[]): readonly Shadow[] {
  return ordered.flatMap((assignment, position) => {
    const by = ordered.slice(0, position).find(({ match }) => covers(match, assignment.match));
    return by === undefined ? [] : [{ assignment, by }];
  });
}

/** Whether the wider selector says yes whenever the narrower one does: each of its demands is among the other's. */
export function covers(wider: Selector, narrower: Selector): boolean {
  return keysOf(wider).every((key) => narrower[key] !== undefined && coversKey(key, wider, narrower));
}

function coversKey(key: SelectorKey, wider: Selector, narrower: Selector): boolean {
  switch (key) {
    case 'ip':
      return isWithin(narrower.ip ?? [], wider.ip ?? []);
    case 'labels': {
      const { labels = {} } = narrower;
      return Object.entries(wider.labels ?? {}).every(
        ([label, values]) => Object.hasOwn(labels, label) && isSubset(labels[label] ?? [], values),
      );
    }
    default:
      return isSubset<string>(narrower[key] ?? [], wider[key] ?? []);
  }
}

function isSubset<T>(few: readonly T[], many: readonly T[]): boolean {
  return few.every((value) => many.includes(value));
}

function isWithin(inner: readonly Subnet[], outer: readonly Subnet[]): boolean {
  return inner.every((one) =>
    outer.some((other) => other.prefixLength <= one.prefixLength && subnetHolds(other, one.address)),
  );
}
