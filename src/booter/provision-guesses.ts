import type { EventSink } from '../boot/event.js';
import { TokenBuckets } from '../net/token-buckets.js';
import { RecentMap } from '../recent-map.js';

export type ProvisionGuessesParts = {
  readonly events: EventSink;
  /** Milliseconds that only go forward. */
  readonly ticks: () => number;
};

/** A machine whose boot is long over asks a few times; then one try in five seconds. */
const LIMITS = { burst: 20, perSecond: 0.2 };
const MINUTE = 60_000;
/** Are remembered at least, so that each is told of once a minute. */
const ADDRESSES = 1_000;

/** Who asks for configurations by capabilities that were never given. None can be guessed, and nobody is to fill the log by trying. */
export class ProvisionGuesses {
  readonly #parts: ProvisionGuessesParts;
  readonly #left = new TokenBuckets(LIMITS);
  /** When it is over, and when it was told of, by address. */
  readonly #flooding = new RecentMap<string, { readonly until: number; readonly toldAt: number }>(ADDRESSES);

  constructor(parts: ProvisionGuessesParts) {
    this.#parts = parts;
  }

  /** It asked by one that was never given. */
  failed(address: string): void {
    const { events, ticks } = this.#parts;
    const now = ticks();
    if (this.#left.take(address, now)) return;
    const { toldAt = Number.NEGATIVE_INFINITY } = this.#flooding.get(address) ?? {};
    const isNews = now - toldAt >= MINUTE;
    this.#flooding.set(address, { until: now + 1_000 / LIMITS.perSecond, toldAt: isNews ? now : toldAt });
    if (isNews) events({ event: 'provision.flooded', address });
  }

  /** It is told to ask later, for now. */
  isFlooding(address: string): boolean {
    const flood = this.#flooding.get(address);
    return flood !== undefined && this.#parts.ticks() < flood.until;
  }
}
