import { BootlayerError, describeError } from '../errors.js';
import { formatSeconds } from '../format.js';

const FIRST_PAUSE_MILLISECONDS = 60_000;
const LONGEST_PAUSE_MILLISECONDS = 16 * 60_000;

type Pause = { readonly until: number; readonly milliseconds: number };

/**
 * Which mirrors are asked: one that fails is passed over for a while, and longer each time when it fails as soon as it is
 * asked again, since a machine that boots waits for every try.
 */
export class MirrorHealth {
  readonly #now: () => number;
  readonly #warn: (text: string) => void;
  readonly #pauses = new Map<string, Pause>();

  /** `now` in milliseconds. */
  constructor(now: () => number, warn: (text: string) => void) {
    this.#now = now;
    this.#warn = warn;
  }

  isWell(host: string): boolean {
    return (this.#pauses.get(host)?.until ?? 0) <= this.#now();
  }

  /** `name`: what of it was asked for. One that does not have something is well all the same. */
  failed(host: string, name: string, problem: unknown): void {
    if (problem instanceof BootlayerError && problem.code === 'IMAGE_NOT_FOUND') return;
    // Others were waiting for it, too.
    if (!this.isWell(host)) return;
    const milliseconds = this.#pauseOf(host);
    this.#pauses.set(host, { until: this.#now() + milliseconds, milliseconds });
    const pause = formatSeconds(milliseconds / 1000);
    this.#warn(`the mirror ${host} of ${name} is passed over for ${pause}: ${describeError(problem)}`);
  }

  #pauseOf(host: string): number {
    const last = this.#pauses.get(host);
    if (last === undefined || this.#now() - last.until > last.milliseconds) return FIRST_PAUSE_MILLISECONDS;
    return Math.min(LONGEST_PAUSE_MILLISECONDS, last.milliseconds * 2);
  }
}
