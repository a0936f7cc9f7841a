import type { Selector, SelectorKey } from '../machine/selector.js';
import { keysOf } from '../machine/selector.js';
import { type Subnet, subnetHolds } from '../net/ip.js';
import type { Assignment } from './assignment.js';
import { countValues, entriesOf, leastCrowded, subnetText } from './assignment-entries.js';

/** An assignment that can never win: whenever it matches, so does one that stands before it. */
export type Shadow = { readonly assignment: Assignment; readonly by: Assignment };

/** Pure. `ordered` as `orderAssignments` gives them; the first that shadows each is named. */
export function findShadows(ordered: readonly Assignment[]): readonly Shadow[] {
  const shelves = new Shelves(ordered);
  return ordered.flatMap((assignment, position) => {
    const by = shelves.firstThatCovers(assignment.match, position);
    return by === undefined ? [] : [{ assignment, by }];
  });
}

/** Each stands on the shelf of every value of one of its keys, that whose values the fewest others share. */
class Shelves {
  readonly #ordered: readonly Assignment[];
  readonly #shelves = new Map<string, number[]>();
  readonly #prefixLengths: readonly number[];

  constructor(ordered: readonly Assignment[]) {
    this.#ordered = ordered;
    const entries = ordered.map(({ match }) => entriesOf(match));
    const crowds = countValues(entries.flat());
    for (const [position, choices] of entries.entries()) {
      const best = leastCrowded(choices, crowds);
      const values = best === undefined ? [''] : best.values.map((value) => `${best.key} ${value}`);
      for (const shelf of new Set(values)) this.#shelves.set(shelf, this.#shelves.get(shelf) ?? []);
      for (const shelf of new Set(values)) this.#shelves.get(shelf)?.push(position);
    }
    this.#prefixLengths = [...new Set(ordered.flatMap(({ match }) => (match.ip ?? []).map((one) => one.prefixLength)))];
  }

  /** Whoever covers it has all its values under each key that both name: one value of each leads there. */
  firstThatCovers(narrower: Selector, before: number): Assignment | undefined {
    const labels = entriesOf(narrower).flatMap(({ key, values: [first] }) =>
      key === 'ip' || first === undefined ? [] : [`${key} ${first}`],
    );
    const first = ['', ...labels, ...this.#subnetsAround(narrower)]
      .map((shelf) => this.#firstOn(this.#shelves.get(shelf) ?? [], narrower, before))
      .reduce((least, one) => Math.min(least, one), before);
    return first === before ? undefined : this.#ordered[first];
  }

  #firstOn(shelf: readonly number[], narrower: Selector, before: number): number {
    for (const position of shelf) {
      if (position >= before) break;
      if (covers(this.#ordered[position]?.match ?? {}, narrower)) return position;
    }
    return before;
  }

  #subnetsAround({ ip: [first] = [] }: Selector): readonly string[] {
    if (first === undefined) return [];
    const lengths = this.#prefixLengths.filter((length) => length <= first.prefixLength);
    return lengths.flatMap((length) => subnetText(first.address, length)).map((subnet) => `ip ${subnet}`);
  }
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
