import type { ArtifactTransfer } from '../boot/event.js';
import type { After, Clock } from '../clock.js';
import type { Progress } from './running-transfers.js';
import type { TransferEnded, TransferEvents } from './transfer-events.js';

export type DiscReadsParts = {
  readonly transferEvents: Pick<TransferEvents, 'artifact'>;
  readonly clock: Pick<Clock, 'ticks'>;
  readonly after: After;
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
  /** Nobody looks any more whether it is left alone. */
  stopLooking: () => void;
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
   * A part of it begins to be sent; `size`: of all of it. undefined for what is no part of a disc. Who asks for the rest of an ISO goes
   * on with what broke off, unless it reads it already or `isTold` to: who looks for partitions begins with the end.
   */
  begun(transfer: ArtifactTransfer, { size, sent }: Progress, isTold = false): TransferEnded | undefined {
    if (!isPartOfIso(transfer)) return undefined;
    const name = nameOf(transfer);
    const known = this.#discs.get(name);
    if (known === undefined && transfer.isRest === true && !isTold) return undefined;
    const disc = known ?? this.#begin(name, transfer, size);
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
    };
  }

  /** Tells of all that is read as it is now. */
  close(): void {
    for (const [name, disc] of [...this.#discs]) this.#end(name, disc);
  }

  #begin(name: string, { range: _part, isRest: _rest, ...transfer }: ArtifactTransfer, size: number): Disc {
    const [oldest] = this.#discs;
    if (oldest !== undefined && this.#discs.size >= MOST) this.#end(...oldest);
    const progress = { size, sent: () => sentOf(disc) };
    const ended = this.#parts.transferEvents.artifact({ ...transfer, isDisc: true }, progress);
    const disc: Disc = { ended, underWay: new Set(), bytes: 0, reads: 0, lastAt: 0, stopLooking: () => undefined };
    this.#lookAgain(name, disc, QUIET_MILLISECONDS);
    return disc;
  }

  /** One timer for all its parts: a thousand of them come in a few seconds. */
  #lookAgain(name: string, disc: Disc, milliseconds: number): void {
    disc.stopLooking = this.#parts.after(milliseconds, () => {
      const quiet = disc.underWay.size > 0 ? 0 : this.#parts.clock.ticks() - disc.lastAt;
      if (quiet < QUIET_MILLISECONDS) this.#lookAgain(name, disc, QUIET_MILLISECONDS - quiet);
      else this.#end(name, disc);
    });
  }

  #end(name: string, disc: Disc): void {
    disc.stopLooking();
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

function isPartOfIso({ role, slice, range }: ArtifactTransfer): boolean {
  return role === 'iso' && slice === undefined && range !== undefined;
}

function nameOf({ machine, address, protocol, digest, isShown }: ArtifactTransfer): string {
  return [machine, address, protocol, digest, isShown].join(' ');
}
