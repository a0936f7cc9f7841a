import type { ArtifactTransfer, LoaderTransfer } from '../boot/event.js';
import { type Clock, secondsSince } from '../clock.js';

/** What is on its way to whom: an artifact, or a boot loader. */
export type Underway = ArtifactTransfer | LoaderTransfer;

/** How far it has come. */
export type Progress = {
  /** Bytes of all that is sent. */
  readonly size: number;
  /** How many of them by now. */
  readonly sent: () => number;
};

/** A transfer under way, as it is at one moment. */
export type RunningTransfer = Underway & {
  /** No other has it while the server runs; a later one has a higher one. */
  readonly id: number;
  readonly size: number;
  readonly bytes: number;
  /** Since it began. */
  readonly seconds: number;
};

type Running = Progress & {
  readonly id: number;
  readonly begunAt: number;
  readonly told: () => Underway;
};

/** What goes to machines at this moment, for those who look on: nothing of it is kept. */
export class RunningTransfers {
  readonly #ticks: () => number;
  readonly #running = new Set<Running>();
  #begun = 0;

  /** `ticks`: milliseconds that only go forward. */
  constructor(ticks: Clock['ticks']) {
    this.#ticks = ticks;
  }

  /** Runs until what it answers is called. `told`: whose it is may be known later. */
  begin(told: () => Underway, { size, sent }: Progress): () => void {
    this.#begun += 1;
    const transfer = { id: this.#begun, begunAt: this.#ticks(), told, size, sent };
    this.#running.add(transfer);
    return () => void this.#running.delete(transfer);
  }

  /** Whether anything is under way to that machine. */
  isTo(machine: string): boolean {
    for (const { told } of this.#running) if (told().machine === machine) return true;
    return false;
  }

  /** So many at most, the oldest first. */
  list(most: number): readonly RunningTransfer[] {
    const now = this.#ticks();
    const listed: RunningTransfer[] = [];
    for (const { id, begunAt, told, size, sent } of this.#running) {
      if (listed.length >= most) break;
      listed.push({ ...told(), id, size, bytes: sent(), seconds: secondsSince(begunAt, now) });
    }
    return listed;
  }
}
