import type { ArtifactTransfer } from '../boot/event.js';
import type { Clock } from '../clock.js';
import type { Progress } from './running-transfers.js';
import type { TransferEnded, TransferEvents } from './transfer-events.js';

export type DiscReadsParts = {
  readonly transferEvents: Pick<TransferEvents, 'artifact'>;
  readonly clock: Pick<Clock, 'ticks'>;
  /** Runs it after so many milliseconds, unless what it answers is called before. */
  readonly after: (milliseconds: number, run: () => void) => () => void;
};

/** An ISO that somebody reads. */
type Disc = {
  readonly ended: TransferEnded;
  /** Bytes by now of each part that is being sent. */
  readonly underWay: Set<() => number>;
  /** Of all parts that have ended. */
  bytes: number;
  reads: number;
  /** Why its last part broke off, where it did. */
  broken?: string | undefined;
  /** Ticks when its last part ended. */
  lastAt: number;
  /** Takes back that it is about to be told of. */
  readOn: () => void;
};

/** Boot loaders wait for keys, a few seconds each time. */
const QUIET_MILLISECONDS = 10_000;
/** More than a site boots so at once: the one that nobody has read for longest is told of early, and as another if it is read on. */
const MOST = 1_000;

/**
 * ISOs that are read as discs: iPXE (sanboot) and the virtual media of management controllers ask for a thousand small parts of one in
 * a boot, which are told as one transfer.
 */
export class DiscReads {
  readonly #parts: DiscReadsParts;
  /** The one that was read last at the end. */
  readonly #discs = new Map<string, Disc>();

  constructor(parts: DiscReadsParts) {
    this.#parts = parts;
  }

  /**
   * Whether that is a part of a disc. Who asks for the rest of an ISO goes on with what broke off, unless it reads it already or `isTold`
   * to: who looks for partitions begins with the end.
   */
  takes(transfer: ArtifactTransfer, isTold = false): boolean {
    const { role, slice, range, isRest } = transfer;
    if (role !== 'iso' || slice !== undefined || range === undefined) return false;
    return isTold || isRest !== true || this.#discs.has(nameOf(transfer));
  }

  /** A part of it begins to be sent; `size`: of all of it. */
  begun(transfer: ArtifactTransfer, { size, sent }: Progress): TransferEnded {
    const name = nameOf(transfer);
    const disc = this.#discs.get(name) ?? this.#begin(transfer, size);
    disc.readOn();
    // To the end of the order.
    this.#discs.delete(name);
    this.#discs.set(name, disc);
    disc.reads += 1;
    disc.underWay.add(sent);
    return (end) => {
      disc.underWay.delete(sent);
      disc.bytes += end.bytes;
      disc.broken = end.kind === 'aborted' ? end.reason : undefined;
      disc.lastAt = this.#parts.clock.ticks();
      if (disc.underWay.size > 0 || this.#discs.get(name) !== disc) return;
      disc.readOn = this.#parts.after(QUIET_MILLISECONDS, () => this.#end(name, disc));
    };
  }

  /** Tells of all that is read as it is now. */
  close(): void {
    for (const [name, disc] of [...this.#discs]) this.#end(name, disc);
  }

  #begin({ range: _part, isRest: _rest, ...transfer }: ArtifactTransfer, size: number): Disc {
    const [oldest] = this.#discs;
    if (oldest !== undefined && this.#discs.size >= MOST) this.#end(...oldest);
    const progress = { size, sent: () => sentOf(disc) };
    const ended = this.#parts.transferEvents.artifact({ ...transfer, isDisc: true }, progress);
    const disc: Disc = { ended, underWay: new Set(), bytes: 0, reads: 0, lastAt: 0, readOn: () => undefined };
    return disc;
  }

  #end(name: string, disc: Disc): void {
    disc.readOn();
    this.#discs.delete(name);
    const { reads, broken, lastAt } = disc;
    const over = disc.underWay.size === 0 ? { at: lastAt } : {};
    const told = { bytes: sentOf(disc), reads, ...over };
    disc.ended(broken === undefined ? { kind: 'sent', ...told } : { kind: 'aborted', reason: broken, ...told });
  }
}

function sentOf({ bytes, underWay }: Disc): number {
  return [...underWay].reduce((sum, sent) => sum + sent(), bytes);
}

function nameOf({ machine, address, protocol, digest, isShown }: ArtifactTransfer): string {
  return [machine, address, protocol, digest, isShown].join(' ');
}
