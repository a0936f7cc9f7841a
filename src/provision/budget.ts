import { Refusal } from './standing-text.js';

/** So much of something, and no more. */
export class Allowance {
  readonly #most: number;
  readonly #what: string;
  #used = 0;

  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** Throws a `Refusal` where there is not so much left. */
  use(count: number): void {
    if (count > 0) this.#used += count;
    if (this.#used > this.#most) throw new Refusal(() => this.#what);
  }
}

/**
 * How many texts, outputs and tags may be rendered, each as often as a loop comes by, long ones counting as several: a loop of
 * 1,000 items with nine of them in each fits, and whatever is written, packets wait for it meanwhile, about 0.1 s at most. No
 * time is measured: on a busy machine it would refuse honest templates, and what it said once might not be so the next time.
 */
const MAX_STEPS = 10_000;
/** How many characters may be read by names, given to filters, made by filters and captures, and how many items of lists. */
const MAX_MADE = 4 * 1024 * 1024;
/** In bytes. */
const MAX_OUTPUT = 4 * 1024 * 1024;

/** What rendering may take: one document, or together all that a machine is handed. */
export class Budget {
  readonly steps = new Allowance(
    MAX_STEPS,
    `a limit exceeded: templates of one machine take ${MAX_STEPS} steps at most`,
  );
  readonly made = new Allowance(
    MAX_MADE,
    'a limit exceeded: values are too large together, as often as they are named, filtered, captured and looped over',
  );
  readonly output = new Allowance(MAX_OUTPUT, 'the documents of one machine are larger than 4 MiB together');
}
