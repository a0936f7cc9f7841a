import type { after } from '../clock.js';
import type { IpxeBinaries } from './disk-binaries.js';

/** Who puts a binary into its folder waits so long for the first machine that is told of it. */
const LOOK_MILLISECONDS = 5_000;

type After = typeof after;

/** Which iPXE binaries there are, as of a moment ago: whoever is told of one must not wait for a disk. */
export class BinariesWatch {
  readonly #binaries: Pick<IpxeBinaries, 'available'>;
  readonly #after: After;
  #there: ReadonlySet<string>;
  #cancel: () => void;
  #isClosed = false;

  private constructor(binaries: Pick<IpxeBinaries, 'available'>, after: After, there: ReadonlySet<string>) {
    this.#binaries = binaries;
    this.#after = after;
    this.#there = there;
    this.#cancel = this.#later();
  }

  /** Looks at once, and again from time to time. Rejects when it cannot look. */
  static async start(binaries: Pick<IpxeBinaries, 'available'>, after: After): Promise<BinariesWatch> {
    return new BinariesWatch(binaries, after, await binaries.available());
  }

  /** By the names of the table. */
  get there(): ReadonlySet<string> {
    return this.#there;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #later(): () => void {
    return this.#after(LOOK_MILLISECONDS, () => void this.#look());
  }

  /** What cannot be looked at is as it was. */
  async #look(): Promise<void> {
    this.#there = await this.#binaries.available().catch(() => this.#there);
    if (!this.#isClosed) this.#cancel = this.#later();
  }
}
