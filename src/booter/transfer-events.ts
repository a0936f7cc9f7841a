import type {
  ArtifactTransfer,
  BootEvent,
  EventSink,
  LoaderTransfer,
  RefusedFile,
  TftpResult,
  TransferResult,
} from '../boot/event.js';
import { type Clock, secondsSince } from '../clock.js';
import { BootlayerError, type ErrorCode } from '../errors.js';
import { platformOfBinary } from '../ipxe/binaries.js';
import type { AddressOwner } from './address-owner.js';
import { type Progress, RunningTransfers, type Underway } from './running-transfers.js';

/**
 * How a transfer ended; `bytes` are those that were sent, `reads` the parts of a disc. `at`: when it was over, in ticks, where that is
 * told later.
 */
export type TransferEnd = Pick<TransferResult, 'bytes' | 'reads' | 'isHanded'> & {
  readonly tftp?: TftpResult;
  readonly at?: number;
} & ({ readonly kind: 'sent' } | { readonly kind: 'aborted'; readonly reason: string; readonly code?: ErrorCode });

/** Called once, when the transfer has ended. */
export type TransferEnded = (end: TransferEnd) => void;

export type TransferEventsParts = {
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'ticks'>;
  readonly owner: Pick<AddressOwner, 'look' | 'find' | 'machineAt'>;
};

/** Tells as events what goes to machines, whichever protocol carries it. */
export class TransferEvents {
  readonly #parts: TransferEventsParts;
  /** What is under way. */
  readonly running: RunningTransfers;

  constructor(parts: TransferEventsParts) {
    this.#parts = parts;
    this.running = new RunningTransfers(() => parts.clock.ticks());
  }

  /** An artifact begins to be sent. */
  artifact(transfer: ArtifactTransfer, progress: Progress): TransferEnded {
    const { events } = this.#parts;
    events({ event: 'artifact.started', ...transfer });
    return this.#running(
      () => transfer,
      progress,
      (end, result) => {
        if (end.kind === 'sent') events({ event: 'artifact.sent', ...transfer, ...result });
        else events({ event: 'artifact.aborted', ...transfer, ...result, ...whyOf(end) });
      },
    );
  }

  /** The first script of a machine begins to be sent. */
  greeting(file: LoaderTransfer): void {
    this.#parts.events({ event: 'greeting.sent', ...this.#attributed(file) });
  }

  /** A boot loader begins to be sent. */
  loader(file: LoaderTransfer, progress: Progress): TransferEnded {
    const { events, owner } = this.#parts;
    owner.look(file.address);
    const asked = withPlatform(file);
    return this.#running(
      () => this.#attributed(file),
      progress,
      (end, result) => {
        const transfer = this.#attributed(asked);
        if (end.kind === 'sent') events({ event: 'loader.sent', ...transfer, ...result });
        else events({ event: 'loader.aborted', ...transfer, ...result, reason: end.reason });
      },
    );
  }

  /** What is asked for is not there, or cannot be had. */
  refused(file: RefusedFile): void {
    const asked = withPlatform(file);
    this.#tellOwned(asked, (owned) => ({ event: 'file.refused', ...asked, ...owned }));
  }

  /** What was asked for was sent, and nothing came back. */
  unanswered(file: LoaderTransfer): void {
    this.#tellOwned(file, (owned) => ({ event: 'file.unanswered', ...owned }));
  }

  /** It is over with one packet, or with none: nobody has looked yet whose card is there. */
  #tellOwned(file: LoaderTransfer, eventOf: (owned: LoaderTransfer) => BootEvent): void {
    const { events, owner } = this.#parts;
    const known = this.#attributed(file);
    if (known.machine !== undefined) {
      events(eventOf(known));
      return;
    }
    void owner
      .find(file.address)
      .then((machine) => events(eventOf(machine === undefined ? file : { machine, ...file })));
  }

  #attributed(file: LoaderTransfer): LoaderTransfer {
    const machine = this.#parts.owner.machineAt(file.address);
    return machine === undefined ? file : { machine, ...file };
  }

  /** Until it has ended, which is told with how long it took. */
  #running(
    told: () => Underway,
    progress: Progress,
    tell: (end: TransferEnd, result: TransferResult) => void,
  ): TransferEnded {
    const { clock } = this.#parts;
    const started = clock.ticks();
    const over = this.running.begin(told, progress);
    return (end) => {
      over();
      const { bytes, reads, isHanded, at = clock.ticks(), tftp } = end;
      const result = { bytes, seconds: secondsSince(started, at), ...tftp };
      tell(end, { ...result, ...(reads !== undefined && { reads }), ...(isHanded && { isHanded }) });
    };
  }
}

function whyOf({ reason, code }: Extract<TransferEnd, { kind: 'aborted' }>) {
  return { reason, ...(code !== undefined && { code }) };
}

/** Runs a transfer and tells how it ended; `sent` counts the bytes so far. Throws what it throws. */
export async function tellEnd(ended: TransferEnded, sent: () => number, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    ended({ kind: 'sent', bytes: sent() });
  } catch (thrown) {
    const { message: reason, code } = BootlayerError.from(thrown);
    ended({ kind: 'aborted', bytes: sent(), reason, ...(code !== 'INTERNAL' && { code }) });
    throw thrown;
  }
}

/** By its name, unless it is said already. */
function withPlatform<T extends LoaderTransfer>(file: T): T {
  const platform = file.platform ?? platformOfBinary(file.file);
  return platform === undefined ? file : { ...file, platform };
}
