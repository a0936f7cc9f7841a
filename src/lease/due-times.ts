type Due<T> = { readonly at: number; readonly what: T };

/** What is to be looked at when its time has come, the earliest first: a binary heap. What is no longer so stays until then. */
export class DueTimes<T> {
  readonly #heap: Due<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(at: number, what: T): void {
    const heap = this.#heap;
    let place = heap.length;
    const due = { at, what };
    heap.push(due);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.at <= at) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = due;
  }

  /** The earliest, taken out; undefined where its time has not come. */
  take(now: number): T | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.at > now) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first.what;
  }

  /** Leaves out what does not count any more. */
  keep(counts: (at: number, what: T) => boolean): void {
    const kept = this.#heap.filter(({ at, what }) => counts(at, what)).sort((one, other) => one.at - other.at);
    this.#heap.splice(0, this.#heap.length, ...kept);
  }

  /** From the top to where it belongs. */
  #sink(due: Due<T>): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const least = (heap[right]?.at ?? Infinity) < (heap[left]?.at ?? Infinity) ? right : left;
      const child = heap[least];
      if (child === undefined || child.at >= due.at) break;
      heap[place] = child;
      place = least;
    }
    heap[place] = due;
  }
}
