/**
 * Work about several things at once: what is about the same thing comes one after the other, in the order in which it came, and the
 * rest goes on beside it.
 */
export class MeetingTurns {
  /** By thing: the last work that is about it, or waits for such. */
  readonly #last = new Map<string, Turn>();

  /** Rejects as the work does. */
  take<T>(about: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = new Set(about.flatMap((one) => this.#last.get(one) ?? []));
    // What it waits for may make these one thing with others.
    const all = new Set([...about, ...[...before].flatMap((turn) => [...turn.about])]);
    const run = Promise.all([...before].map(({ over }) => over)).then(work);
    const turn: Turn = { about: all, over: run.then(ignore, ignore) };
    for (const one of all) this.#last.set(one, turn);
    void turn.over.then(() => {
      for (const one of all) if (this.#last.get(one) === turn) this.#last.delete(one);
    });
    return run;
  }

  /** Things that work is under way about. */
  get size(): number {
    return this.#last.size;
  }
}

type Turn = { readonly about: ReadonlySet<string>; readonly over: Promise<void> };

function ignore(): void {
  // Whoever took the turn hears of it.
}
