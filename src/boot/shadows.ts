import type { Selector, SelectorKey } from '../machine/selector.js';
import { keysOf } from '../machine/selector.js';
import { type Subnet, subnetHolds } from '../net/ip.js';
import type { Assignment } from './assignment.js';

/** An assignment that can never win: whenever it matches, so does one that stands before it. */
export type Shadow = { readonly assignment: Assignment; readonly by: Assignment };

/** Pure. `ordered` as `orderAssignments` gives them; the first that shadows each is named. */
export function findShadows(ordered: readonly Assignment[]): readonly Shadow[] {
  const shelves = new Map<string, number[]>();
  return ordered.flatMap((assignment, position) => {
    const by = shelvesSearched(assignment.match)
      .flatMap((shelf) => shelves.get(shelf) ?? [])
      .sort((a, b) => a - b)
      .flatMap((one) => ordered[one] ?? [])
      .find(({ match }) => covers(match, assignment.match));
    for (const shelf of shelvesOf(assignment.match)) {
      const held = shelves.get(shelf);
      if (held === undefined) shelves.set(shelf, [position]);
      else held.push(position);
    }
    return by === undefined ? [] : [{ assignment, by }];
  });
}

/** Keys that are compared by equality; the more an assignment's values are its own, the fewer are on a shelf with it. */
const TELLING = [
  ...['machine', 'mac', 'uuid', 'serial', 'asset', 'hostname'],
  ...['product', 'manufacturer', 'arch', 'firmware'],
] as const satisfies readonly SelectorKey[];

/** Where it stands: with each value of one of its keys. Subnets hold others without being the same. */
function shelvesOf(selector: Selector): readonly string[] {
  const [first = ['']] = valuesByKey(selector);
  return first;
}

/** Whoever covers it has all its values under each key that both name: one value of each leads there. */
function shelvesSearched(selector: Selector): readonly string[] {
  return ['', ...valuesByKey(selector).flatMap(([first]) => first ?? [])];
}

function valuesByKey(selector: Selector): readonly (readonly string[])[] {
  const plain = TELLING.map((key) => (selector[key] ?? []).map((value) => `${key} ${value}`));
  const labels = Object.entries(selector.labels ?? {}).map(([label, values]) =>
    values.map((value) => `label ${label}\0${value}`),
  );
  return [...plain, ...labels].filter((values) => values.length > 0);
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
