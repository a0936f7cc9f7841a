import type { IpAddress } from '../net/ip.js';
import type { Pinged } from '../net/ping-process.js';
import { TokenBuckets } from '../net/token-buckets.js';
import { RecentMap } from '../recent-map.js';

export type ConflictProbeParts = {
  /** Never rejects. Takes so long at most, or as long as a machine can wait. */
  readonly ping: (address: IpAddress, maxMilliseconds?: number) => Promise<Pinged>;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
  /** Somebody answers there; told once for each probe. */
  readonly answered: (address: IpAddress) => void;
  /** Nobody's address can be probed; told once. */
  readonly failed: (reason: string) => void;
};

/** Each is a process of its own. */
const MOST_AT_ONCE = 16;
/** With half a second for each, a machine waits for less than it takes to ask again (iPXE: 1 s, then 2). */
const MOST_WAITING = 16;
/**
 * Each start of a process takes 10 to 60 ms of a core, and holds up whoever needs memory meanwhile: a rack that is switched on has
 * all its machines' addresses probed, a flood does not have the known machines wait.
 */
const STARTS = { burst: MOST_AT_ONCE + MOST_WAITING, perSecond: 10, places: 1 } as const;
const QUIET_MILLISECONDS = 60_000;
/** Are remembered as quiet at least. */
const REMEMBERED = 1_000;
/** Answers wherever a ping can be sent. */
const SELF = '127.0.0.1' as IpAddress;
/** The start waits for it, and the system may be just starting. */
const SELF_MILLISECONDS = 10_000;

/**
 * Whether somebody uses an address that was not given to anybody (RFC 2131, 3.1: a server SHOULD probe it). A few at once and a second: what
 * comes beyond that is offered unprobed, since a flood must not keep machines waiting.
 */
export class ConflictProbe {
  readonly #parts: ConflictProbeParts;
  readonly #quiet = new RecentMap<IpAddress, number>(REMEMBERED);
  readonly #probing = new Map<IpAddress, Promise<boolean>>();
  readonly #starts = new TokenBuckets(STARTS);
  #waiting: readonly (() => void)[] = [];
  #running = 0;
  #isUsable = true;
  #trying: Promise<void> | undefined;

  constructor(parts: ConflictProbeParts) {
    this.#parts = parts;
  }

  /** Whether it can probe at all. */
  begin(): Promise<void> {
    this.#trying ??= this.#try().finally(() => {
      this.#trying = undefined;
    });
    return this.#trying;
  }

  async #try(): Promise<void> {
    const pinged = await this.#parts.ping(SELF, SELF_MILLISECONDS);
    if (pinged.kind === 'failed') this.#fail(pinged.reason);
    if (pinged.kind === 'quiet') this.#fail(`ping gets no answer from ${SELF}, which is this host itself`);
  }

  /** As far as can be said: at once where that is known, or is not to be found out. Never rejects. */
  isFree(address: IpAddress): true | Promise<boolean> {
    const known = this.#probing.get(address);
    if (known !== undefined) return known;
    const quietAt = this.#quiet.get(address) ?? Number.NEGATIVE_INFINITY;
    if (!this.#isUsable || this.#parts.ticks() - quietAt < QUIET_MILLISECONDS) return true;
    if (this.#running >= MOST_AT_ONCE && this.#waiting.length >= MOST_WAITING) return true;
    if (!this.#starts.take('', this.#parts.ticks())) return true;
    const probing = this.#probe(address).finally(() => this.#probing.delete(address));
    this.#probing.set(address, probing);
    return probing;
  }

  async #probe(address: IpAddress): Promise<boolean> {
    if (this.#running < MOST_AT_ONCE) this.#running += 1;
    else await this.#turn();
    const pinged = await this.#parts.ping(address);
    const [next, ...others] = this.#waiting;
    this.#waiting = others;
    // Whoever waited takes the place.
    if (next === undefined) this.#running -= 1;
    else next();
    this.#note(address, pinged);
    return pinged.kind !== 'answered';
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, resolve];
    });
  }

  #note(address: IpAddress, pinged: Pinged): void {
    switch (pinged.kind) {
      case 'quiet':
        this.#quiet.set(address, this.#parts.ticks());
        return;
      case 'answered':
        this.#parts.answered(address);
        return;
      case 'failed':
        // It may be this address alone, to which no route leads.
        if (this.#isUsable) void this.begin();
    }
  }

  #fail(reason: string): void {
    if (this.#isUsable) this.#parts.failed(reason);
    this.#isUsable = false;
  }
}
