import type { Digest } from '../oci/digest.js';

/** How long a plan that was made durable need not be written again; its life (see the booter) is longer by this. */
export const RENEWAL_MILLISECONDS = 60 * 60 * 1000;
const MAX_PLANS = 20_000;

/** Which plans were made durable lately: a machine that asks again and again costs no write each time. */
export class Renewals {
  /** Plan -> when it was written (milliseconds), in that order. */
  readonly #written = new Map<Digest, number>();

  isDue(plan: Digest, now: number): boolean {
    const at = this.#written.get(plan);
    // A clock that was set back makes it due as well.
    return at === undefined || now < at || now - at >= RENEWAL_MILLISECONDS;
  }

  /** Called when it is durable. */
  written(plan: Digest, now: number): void {
    this.#written.delete(plan);
    this.#written.set(plan, now);
    const [oldest] = this.#written.keys();
    if (this.#written.size > MAX_PLANS && oldest !== undefined) this.#written.delete(oldest);
  }
}
