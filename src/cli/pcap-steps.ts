/** One line of what a capture tells: a packet, or several of the same kind one after the other. */
export type Step = {
  /** Seconds since the first packet. */
  readonly at: number;
  /** The machine: its hardware address, or where it sends from. */
  readonly who: string;
  what: string;
  /** How often, until when (as `at`). */
  times: number;
  until: number;
  /** What follows from it. */
  readonly notes: string[];
  /** What this server says to that; missing without a configuration, and where it has nothing to say. */
  own?: string;
  /** A name that this server may have something under. */
  readonly asks?: AskedName;
  /** What came of it is in `what`. */
  isSettled?: true;
};

export type AskedName = { readonly protocol: 'tftp' | 'http'; readonly name: string; readonly address: string };

/** Nobody reads more lines. */
const MOST = 20_000;

/** The lines of a capture. What repeats itself is one. */
export class StepLog {
  readonly #steps: Step[] = [];
  readonly #last = new Map<string, Step>();
  /** The one of the same machine before it. */
  readonly #before = new WeakMap<Step, Step>();
  /** Not told for want of room. */
  left = 0;

  get steps(): readonly Step[] {
    return this.#steps.filter(({ times }) => times > 0);
  }

  add(said: Pick<Step, 'at' | 'who' | 'what' | 'asks'> & { readonly own?: string | undefined }): Step {
    const { own, ...rest } = said;
    const step: Step = { ...rest, times: 1, until: said.at, notes: [], ...(own !== undefined && { own }) };
    const before = this.#last.get(said.who);
    if (before !== undefined && before.what === step.what && before.own === step.own) {
      before.times += 1;
      before.until = said.at;
      return before;
    }
    return this.#keep(step);
  }

  /** What came of it, the first time that is said: its line is all there now, and may be the same as the one before. */
  settle(step: Step, end: string): void {
    if (step.isSettled === true) return;
    step.isSettled = true;
    step.what += end;
    const before = this.#before.get(step);
    const isAlone = before !== undefined && step.times === 1 && step.notes.length === 0 && before.notes.length === 0;
    if (!isAlone || before.what !== step.what || this.#last.get(step.who) !== step) return;
    before.times += 1;
    before.until = step.until;
    this.#last.set(step.who, before);
    if (this.#steps.at(-1) === step) this.#steps.pop();
    else step.times = 0;
  }

  #keep(step: Step): Step {
    if (this.#steps.length >= MOST) {
      this.left += 1;
      return step;
    }
    const before = this.#last.get(step.who);
    if (before !== undefined) this.#before.set(step, before);
    this.#steps.push(step);
    this.#last.set(step.who, step);
    return step;
  }
}

/** Of one line: anybody can write packets that something follows from. */
const MOST_NOTES = 32;

/** The same sentence once. */
export function note(step: Step | undefined, text: string): void {
  if (step === undefined || step.notes.length >= MOST_NOTES || step.notes.includes(text)) return;
  step.notes.push(text);
}
