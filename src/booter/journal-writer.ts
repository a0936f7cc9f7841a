import type { Boot, BootStep } from '../boot/boot.js';
import type { BootChange, BootStore } from '../boot/ports.js';
import { BootlayerError } from '../errors.js';

export type JournalWriterParts = {
  readonly boots: Pick<BootStore, 'saveBoots'>;
  /** So many steps are not in the store, and will not be. */
  readonly lost: (steps: number, reason: string) => void;
  readonly limits?: Partial<JournalWriterLimits>;
};

export type JournalWriterLimits = {
  /** Steps that wait: those of a thousand machines' boots. */
  readonly mostWaiting: number;
  /** Boots that are written at once. */
  readonly mostAtOnce: number;
};

type Settling = { readonly after: number; readonly resolve: () => void };

const LIMITS: JournalWriterLimits = { mostWaiting: 20_000, mostAtOnce: 500 };

/** Writes what is told of boots, one write after the other: what is told meanwhile is in the next. */
export class JournalWriter {
  readonly #parts: JournalWriterParts;
  readonly #limits: JournalWriterLimits;
  /** By boot, in the order in which they began to wait. */
  readonly #waiting = new Map<string, BootChange>();
  #waitingSteps = 0;
  #lost = 0;
  #isWriting = false;
  #isSaving = false;
  /** How many saves have ended. */
  #ended = 0;
  /** Who is told when so many have. */
  #settling: readonly Settling[] = [];

  constructor(parts: JournalWriterParts) {
    this.#parts = parts;
    this.#limits = { ...LIMITS, ...parts.limits };
  }

  /** `steps` are the last of the boot. */
  write(boot: Boot, steps: readonly BootStep[]): void {
    if (this.#waitingSteps + steps.length > this.#limits.mostWaiting) {
      this.#lost += steps.length;
      return;
    }
    const before = this.#waiting.get(boot.id)?.steps ?? [];
    this.#waiting.set(boot.id, { boot, steps: [...before, ...steps] });
    this.#waitingSteps += steps.length;
    if (!this.#isWriting) void this.#writeAll();
  }

  /** Resolves when all that was told by now is written, or cannot be: what is told meanwhile may have no end. */
  settled(): Promise<void> {
    // A boot that waits keeps its place.
    const left = Math.ceil(this.#waiting.size / this.#limits.mostAtOnce) + (this.#isSaving ? 1 : 0);
    if (left === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settling = [...this.#settling, { after: this.#ended + left, resolve }];
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // Whatever is told in this turn of the event loop comes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.size > 0) await this.#writeSome();
    // In the same step as the last look: whoever writes from now on starts anew.
    this.#isWriting = false;
  }

  async #writeSome(): Promise<void> {
    const changes = [...this.#waiting.values()].slice(0, this.#limits.mostAtOnce);
    for (const { boot, steps } of changes) {
      this.#waiting.delete(boot.id);
      this.#waitingSteps -= steps.length;
    }
    this.#isSaving = true;
    try {
      await this.#parts.boots.saveBoots(changes);
      this.#tellLost(0, 'more was told at once than can be written');
    } catch (thrown) {
      const steps = changes.reduce((sum, change) => sum + change.steps.length, 0);
      this.#tellLost(steps, BootlayerError.from(thrown).message);
    }
    this.#saved();
  }

  #saved(): void {
    this.#isSaving = false;
    this.#ended += 1;
    const over = this.#settling.filter(({ after }) => after <= this.#ended);
    this.#settling = this.#settling.filter(({ after }) => after > this.#ended);
    for (const { resolve } of over) resolve();
  }

  #tellLost(steps: number, reason: string): void {
    const lost = this.#lost + steps;
    this.#lost = 0;
    if (lost > 0) this.#parts.lost(lost, reason);
  }
}
