import { BootlayerError } from '../errors.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseStore } from '../lease/ports.js';
import type { IpAddress } from '../net/ip.js';

export type LeaseWriterParts = {
  readonly store: Pick<LeaseStore, 'saveLeases' | 'removeLeases'>;
  readonly limits?: Partial<LeaseWriterLimits>;
};

export type LeaseWriterLimits = {
  /** Changes that wait: more than a disk takes in a second. */
  readonly mostWaiting: number;
  readonly mostAtOnce: number;
};

/** What becomes of addresses: the last word counts. undefined: it is nobody's. */
type Batch = {
  readonly changes: Map<IpAddress, Lease | undefined>;
  readonly done: Promise<void>;
  readonly settle: (failure?: BootlayerError) => void;
};

const LIMITS: LeaseWriterLimits = { mostWaiting: 5_000, mostAtOnce: 500 };

/**
 * Keeps leases, one write after the other: what comes meanwhile is in the next, so that a disk which takes 10 ms to sync still
 * keeps thousands a second.
 */
export class LeaseWriter {
  readonly #store: LeaseWriterParts['store'];
  readonly #limits: LeaseWriterLimits;
  #batches: Batch[] = [];
  #waiting = 0;
  #writing: Promise<void> | undefined;

  constructor({ store, limits }: LeaseWriterParts) {
    this.#store = store;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Durable when it resolves, all of them with one another. Throws DISK_FULL, DATA_UNUSABLE; RATE_LIMITED when too much waits. */
  save(leases: readonly Lease[]): Promise<void> {
    return this.#add(leases.map((lease) => [lease.address, lease]));
  }

  /** The same for addresses that are nobody's any more. */
  remove(addresses: readonly IpAddress[]): Promise<void> {
    return this.#add(addresses.map((address) => [address, undefined]));
  }

  /** Resolves when all that was to be kept is, or could not be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #add(changes: readonly (readonly [IpAddress, Lease | undefined])[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    if (this.#waiting >= this.#limits.mostWaiting) {
      const remedy = 'see why the disk of the state is slow';
      return Promise.reject(new BootlayerError('RATE_LIMITED', 'too many leases wait to be kept', { remedy }));
    }
    const batch = this.#open();
    const before = batch.changes.size;
    for (const [address, lease] of changes) batch.changes.set(address, lease);
    this.#waiting += batch.changes.size - before;
    this.#writing ??= this.#writeAll();
    return batch.done;
  }

  /** The one that takes what comes now. */
  #open(): Batch {
    const last = this.#batches.at(-1);
    if (last !== undefined && last.changes.size < this.#limits.mostAtOnce) return last;
    const batch = newBatch();
    this.#batches.push(batch);
    return batch;
  }

  async #writeAll(): Promise<void> {
    // Whoever asks in this turn of the event loop comes along.
    await new Promise((resolve) => setImmediate(resolve));
    for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift()) {
      this.#waiting -= batch.changes.size;
      batch.settle(await this.#write(batch));
    }
    // In the same step as the last look: whoever comes from now on starts anew.
    this.#writing = undefined;
  }

  async #write({ changes }: Batch): Promise<BootlayerError | undefined> {
    const leases = [...changes.values()].filter((lease) => lease !== undefined);
    const gone = [...changes].flatMap(([address, lease]) => (lease === undefined ? [address] : []));
    try {
      if (leases.length > 0) await this.#store.saveLeases(leases);
      if (gone.length > 0) await this.#store.removeLeases(gone);
      return undefined;
    } catch (thrown) {
      return BootlayerError.from(thrown);
    }
  }
}

function newBatch(): Batch {
  const { promise, resolve, reject } = promiseOf();
  // Those who wait are told; where nobody does, nobody is to be.
  promise.catch(() => undefined);
  const settle = (failure?: BootlayerError) => (failure === undefined ? resolve() : reject(failure));
  return { changes: new Map(), done: promise, settle };
}

function promiseOf() {
  let [resolve, reject] = [(): void => undefined, (_: unknown): void => undefined];
  const promise = new Promise<void>((onDone, onFailure) => {
    [resolve, reject] = [onDone, onFailure];
  });
  return { promise, resolve, reject };
}
