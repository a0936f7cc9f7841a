import type { ArtifactTransfer, EventSink, LoaderTransfer, RefusedFile, TransferResult } from '../boot/event.js';
import { type Clock, secondsSince } from '../clock.js';
import { BootlayerError } from '../errors.js';
import { Sparing } from './sparing.js';

/** How a transfer ended; `bytes` are those that were sent. */
export type TransferEnd = { readonly bytes: number } & (
  | { readonly kind: 'sent' }
  | { readonly kind: 'aborted'; readonly reason: string }
);

/** Called once, when the transfer has ended. */
export type TransferEnded = (end: TransferEnd) => void;

export type TransferEventsParts = { readonly events: EventSink; readonly clock: Pick<Clock, 'ticks'> };

/** Within a minute, of each address and of all: a loader asks for a dozen names before one that is there. */
const REFUSALS_TOLD = 10;
const ALL_REFUSALS_TOLD = 300;
const REFUSALS_MILLISECONDS = 60_000;

/** Tells as events what goes to machines, whichever protocol carries it. */
export class TransferEvents {
  readonly #parts: TransferEventsParts;
  readonly #refusals: Sparing;
  readonly #allRefusals: Sparing;

  constructor(parts: TransferEventsParts) {
    this.#parts = parts;
    const now = () => parts.clock.ticks();
    this.#refusals = new Sparing(REFUSALS_TOLD, REFUSALS_MILLISECONDS, now);
    this.#allRefusals = new Sparing(ALL_REFUSALS_TOLD, REFUSALS_MILLISECONDS, now);
  }

  /** An artifact begins to be sent. */
  artifact(transfer: ArtifactTransfer): TransferEnded {
    const { events } = this.#parts;
    events({ event: 'artifact.started', ...transfer });
    return this.#timed((end, result) => {
      if (end.kind === 'sent') events({ event: 'artifact.sent', ...transfer, ...result });
      else events({ event: 'artifact.aborted', ...transfer, ...result, reason: end.reason });
    });
  }

  /** So does a boot loader. */
  loader(transfer: LoaderTransfer): TransferEnded {
    const { events } = this.#parts;
    return this.#timed((end, result) => {
      if (end.kind === 'sent') events({ event: 'loader.sent', ...transfer, ...result });
      else events({ event: 'loader.aborted', ...transfer, ...result, reason: end.reason });
    });
  }

  /** What is asked for is not there, or cannot be had. */
  refused(file: RefusedFile): void {
    if (this.#refusals.allows(file.address) && this.#allRefusals.allows(''))
      this.#parts.events({ event: 'file.refused', ...file });
  }

  #timed(tell: (end: TransferEnd, result: TransferResult) => void): TransferEnded {
    const { clock } = this.#parts;
    const started = clock.ticks();
    return (end) => tell(end, { bytes: end.bytes, seconds: secondsSince(started, clock.ticks()) });
  }
}

/** Runs a transfer and tells how it ended; `sent` counts the bytes so far. Throws what it throws. */
export async function tellEnd(ended: TransferEnded, sent: () => number, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    ended({ kind: 'sent', bytes: sent() });
  } catch (thrown) {
    ended({ kind: 'aborted', bytes: sent(), reason: BootlayerError.from(thrown).message });
    throw thrown;
  }
}
