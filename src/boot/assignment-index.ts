import { areAddressesKnown, type Candidate, knownAddresses, knownValues, labelOf } from '../machine/selector.js';
import type { Assignment } from './assignment.js';
import {
  countValues,
  type Entry,
  entriesOf,
  type IndexedKey,
  labelText,
  leastCrowded,
  subnetText,
} from './assignment-entries.js';
import { orderAssignments, type Selection, selectAmong } from './select.js';

/** Where an assignment stands in the order of preference. */
type Position = number;

/** One key's assignments. */
type Shelf = { readonly byValue: Map<string, Position[]>; readonly all: Position[] };

/**
 * The assignments in their order, found by what is known of a machine instead of by asking each of them: every one
 * stands on one shelf, under the key whose values the fewest others share. Immutable. Answers what a scan of all of
 * them would (`selectAmong`), which a property test asserts.
 */
export class AssignmentIndex {
  /** In the order of preference. */
  readonly ordered: readonly Assignment[];
  readonly #shelves = new Map<IndexedKey, Shelf>();
  /** Those that name nothing to be found by: `{}` and firmware alone. */
  readonly #unshelved: Position[] = [];
  /** How long the prefixes of the subnets are: each is one look-up. */
  readonly #prefixLengths = new Set<number>();

  constructor(assignments: readonly Assignment[]) {
    this.ordered = orderAssignments(assignments);
    const entries = this.ordered.map(({ match }) => entriesOf(match));
    const crowds = countValues(entries.flat());
    for (const [position, choices] of entries.entries()) {
      const best = leastCrowded(choices, crowds);
      if (best === undefined) this.#unshelved.push(position);
      else this.#shelve(best, position);
    }
    for (const { match } of this.ordered)
      for (const { prefixLength } of match.ip ?? []) this.#prefixLengths.add(prefixLength);
  }

  select(candidate: Candidate): Selection {
    const positions = new Set(this.#unshelved);
    for (const [key, shelf] of this.#shelves) {
      const values = this.#valuesOf(key, candidate);
      const found = values === undefined ? [shelf.all] : values.map((value) => shelf.byValue.get(value) ?? []);
      for (const list of found) for (const position of list) positions.add(position);
    }
    const inOrder = [...positions].sort((a, b) => a - b);
    return selectAmong(
      inOrder.flatMap((position) => this.ordered[position] ?? []),
      candidate,
    );
  }

  #shelve({ key, values }: Entry, position: Position): void {
    const shelf = this.#shelves.get(key) ?? { byValue: new Map<string, Position[]>(), all: [] };
    this.#shelves.set(key, shelf);
    shelf.all.push(position);
    for (const value of new Set(values)) {
      const there = shelf.byValue.get(value);
      if (there === undefined) shelf.byValue.set(value, [position]);
      else there.push(position);
    }
  }

  /** What the candidate is looked up by; undefined when it cannot be known yet, so that the whole shelf counts. */
  #valuesOf(key: IndexedKey, candidate: Candidate): readonly string[] | undefined {
    switch (key) {
      case 'ip':
        return this.#subnetsOf(candidate);
      case 'labels':
        return labelsOf(candidate);
      default: {
        const { values, complete } = knownValues(key, candidate);
        return complete ? values : undefined;
      }
    }
  }

  #subnetsOf(candidate: Candidate): readonly string[] | undefined {
    if (!areAddressesKnown(candidate)) return undefined;
    return knownAddresses(candidate).flatMap((ip) =>
      [...this.#prefixLengths].flatMap((length) => subnetText(ip, length)),
    );
  }
}

function labelsOf({ machine, mayBeKnown }: Candidate): readonly string[] | undefined {
  if (machine === undefined) return mayBeKnown ? undefined : [];
  return Object.keys(machine.labels).map((label) => labelText(label, labelOf(machine, label) ?? ''));
}
