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
  readonly #ticks: () => number;
  readonly #warn: (text: string) => void;
  readonly #pauses = new Map<string, Pause>();
  /** Mirrors of which it was said already that they lack something. */
  readonly #lacking = new Set<string>();

  /** `ticks`: milliseconds that only go forward. */
  constructor(ticks: () => number, warn: (text: string) => void) {
    this.#ticks = ticks;
    this.#warn = warn;
  }

  isHealthy(host: string): boolean {
    return (this.#pauses.get(host)?.until ?? 0) <= this.#ticks();
  }

  /** `name`: what of it was asked for. One that does not have something is well all the same. */
  failed(host: string, name: string, problem: unknown): void {
    if (problem instanceof BootlayerError && problem.code === 'IMAGE_NOT_FOUND') return;
    // Others were waiting for it, too.
    if (!this.isHealthy(host)) return;
    const milliseconds = this.#pauseOf(host);
    this.#pauses.set(host, { until: this.#ticks() + milliseconds, milliseconds });
    const pause = formatSeconds(milliseconds / 1000);
    this.#warn(`the mirror ${host} of ${name} is passed over for ${pause}: ${describeError(problem)}`);
  }

  /**
   * It does not have what its registry has. One that has only some images may well not; one that is asked under the wrong path
   * has none: that is said once.
   */
  lacked(host: string, name: string, asked: string): void {
    if (this.#lacking.has(host)) return;
    this.#lacking.add(host);
    this.#warn(
      `the mirror ${host} has no ${asked}, which is ${name}: unless it has only some images, see its path in mirrors`,
    );
  }

  #pauseOf(host: string): number {
    const last = this.#pauses.get(host);
    if (last === undefined || this.#ticks() - last.until > last.milliseconds) return FIRST_PAUSE_MILLISECONDS;
    return Math.min(LONGEST_PAUSE_MILLISECONDS, last.milliseconds * 2);
  }
}
