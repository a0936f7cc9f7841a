import type { EnrolledMachine } from '../boot/policy-ports.js';

/** What is remembered of a machine that waits. */
export type Listed = Pick<EnrolledMachine, 'firstAt' | 'lastAt' | 'isShown'>;

/** Where another machine would be listed: `taken`, in place of that one. */
export type Room =
  | { readonly kind: 'free' }
  | { readonly kind: 'taken'; readonly from: string }
  | { readonly kind: 'full' };

/** A list is read by people. */
const MOST = 10_000;

/**
 * Which machines wait, by name. Anybody can make some up: who was there first stays when the list is full, and only who is shown to
 * be itself takes the place of one that is not, the last of those that came.
 */
export class ListedMachines {
  readonly #byName: Map<string, Listed>;
  readonly #most: number;

  constructor(listed: readonly EnrolledMachine[], most = MOST) {
    this.#byName = new Map(listed.map(({ name, firstAt, lastAt, isShown }) => [name, { firstAt, lastAt, isShown }]));
    this.#most = most;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Listed | undefined {
    return this.#byName.get(name);
  }

  set(name: string, listed: Listed): void {
    this.#byName.set(name, listed);
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  /** For one that is not there yet. */
  roomFor(isShown: boolean): Room {
    if (this.#byName.size < this.#most) return { kind: 'free' };
    if (!isShown) return { kind: 'full' };
    let last: { readonly name: string; readonly firstAt: number } | undefined;
    for (const [name, one] of this.#byName) {
      if (!one.isShown && (last === undefined || one.firstAt >= last.firstAt)) last = { name, firstAt: one.firstAt };
    }
    return last === undefined ? { kind: 'full' } : { kind: 'taken', from: last.name };
  }

  /** Those that asked last before then: milliseconds since the epoch. */
  prune(since: number): void {
    for (const [name, { lastAt }] of this.#byName) if (lastAt < since) this.#byName.delete(name);
  }
}
