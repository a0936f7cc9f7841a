/** A connection that wants to begin its handshake. */
export type Comer = {
  readonly address: string;
  readonly begin: () => void;
  /** It does not get its turn, or has had it for too long. */
  readonly refuse: () => void;
};

export type TurnLimits = {
  /** Handshakes that are begun and not over: of all of them, the next step may come at once. */
  readonly underWay: number;
  readonly underWayOfOne: number;
  readonly waiting: number;
  readonly waitingOfOne: number;
  /** A handshake is cut after so long where somebody waits for its place. */
  readonly patience: number;
  /** After a handshake's first step, others have the processor as long as it took, and no longer than this. */
  readonly longestPause: number;
};

export type TurnOptions = {
  readonly limits: TurnLimits;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Runs it after everything that is ready. */
  readonly soon: (run: () => void) => void;
  readonly after: (milliseconds: number, run: () => void) => void;
};

/**
 * Who begins a handshake, and when. A step of one takes the processor for milliseconds, in which nothing else is done, and anybody
 * may ask for any number of them: they begin one after the other, the addresses in turn, with time for all else between. Who opens
 * a thousand connections waits behind itself.
 */
export class HandshakeTurns {
  readonly #options: TurnOptions;
  /** By address, the next one first. */
  readonly #waiting = new Map<string, Set<Comer>>();
  /** With when they began, the oldest first. */
  readonly #underWay = new Map<Comer, number>();
  #waitingCount = 0;
  #isPausing = false;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  arrive(comer: Comer): void {
    const own = this.#waiting.get(comer.address) ?? new Set();
    if (own.size >= this.#options.limits.waitingOfOne || !this.#hasRoomBeside(own.size)) {
      comer.refuse();
      return;
    }
    this.#waiting.set(comer.address, own.add(comer));
    this.#waitingCount += 1;
    this.#goOn();
  }

  /** It has come to terms, or is gone. Harmless for one that has left before. */
  leave(comer: Comer): void {
    this.#stopWaiting(comer);
    if (this.#underWay.delete(comer)) this.#goOn();
  }

  #stopWaiting(comer: Comer): void {
    const own = this.#waiting.get(comer.address);
    if (own?.delete(comer) !== true) return;
    this.#waitingCount -= 1;
    if (own.size === 0) this.#waiting.delete(comer.address);
  }

  /** The last one of whoever has the most has to go for somebody who has fewer. */
  #hasRoomBeside(count: number): boolean {
    if (this.#waitingCount < this.#options.limits.waiting) return true;
    const most = [...this.#waiting.values()].reduce((one, other) => (other.size > one.size ? other : one));
    const last = [...most].at(-1);
    if (last === undefined || most.size <= count + 1) return false;
    this.#stopWaiting(last);
    last.refuse();
    return true;
  }

  #goOn(): void {
    if (this.#isPausing) return;
    const next = this.#next();
    if (next === undefined) return;
    const wait = this.#waitForPlace();
    if (wait > 0) this.#pause(wait);
    else this.#begin(next);
  }

  #begin(comer: Comer): void {
    const { now, soon, limits } = this.#options;
    const { address } = comer;
    this.#stopWaiting(comer);
    // Its address is the last one now.
    const others = this.#waiting.get(address);
    if (others !== undefined) {
      this.#waiting.delete(address);
      this.#waiting.set(address, others);
    }
    const since = now();
    this.#underWay.set(comer, since);
    this.#isPausing = true;
    comer.begin();
    soon(() => this.#pause(Math.min(now() - since, limits.longestPause)));
  }

  #pause(milliseconds: number): void {
    this.#isPausing = true;
    this.#options.after(milliseconds, () => {
      this.#isPausing = false;
      this.#goOn();
    });
  }

  /** The first whose address may begin one more. */
  #next(): Comer | undefined {
    const counts = this.#countsUnderWay();
    for (const [address, [first]] of this.#waiting)
      if ((counts.get(address) ?? 0) < this.#options.limits.underWayOfOne) return first;
    return undefined;
  }

  /** How long there is no place for one more; the oldest of whoever has the most loses its own when its time is over. */
  #waitForPlace(): number {
    const { limits, now } = this.#options;
    if (this.#underWay.size < limits.underWay) return 0;
    const counts = this.#countsUnderWay();
    const most = Math.max(...counts.values());
    const [oldest] = [...this.#underWay].filter(([{ address }]) => counts.get(address) === most);
    if (oldest === undefined) return 0;
    const [comer, since] = oldest;
    const left = since + limits.patience - now();
    if (left > 0) return left;
    this.#underWay.delete(comer);
    comer.refuse();
    return 0;
  }

  #countsUnderWay(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { address } of this.#underWay.keys()) counts.set(address, (counts.get(address) ?? 0) + 1);
    return counts;
  }
}
