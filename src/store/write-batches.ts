import type { Kysely, Transaction } from 'kysely';
import { BootlayerError } from '../errors.js';
import type { Schema } from './schema.js';

/** What is to be written, inside a transaction it shares with others. */
export type Write = (transaction: Transaction<Schema>) => Promise<void>;

type Waiting = { readonly write: Write; readonly resolve: () => void; readonly reject: (error: unknown) => void };

const MAX_WAITING = 10_000;
const MAX_BATCH = 500;

/**
 * Gathers what comes while a transaction is under way into the next one: a disk that takes 10 ms to sync still takes
 * thousands of writes a second. Each promise resolves when its own transaction is durable.
 */
export class WriteBatches {
  readonly #database: Kysely<Schema>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  add(write: Write): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new BootlayerError('DATA_UNUSABLE', 'too much waits to be written to the state', {
          remedy: 'see why its disk is slow',
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything that was added is written or has failed. */
  async drained(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever adds in this turn of the event loop comes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      const failure = await this.#commit(batch);
      if (failure === undefined) for (const { resolve } of batch) resolve();
      else if (batch.length === 1) batch[0]?.reject(failure.error);
      else await this.#oneByOne(batch);
    }
    // In the same step as the last look: whoever adds from now on starts anew.
    this.#running = undefined;
  }

  /** One write that cannot be done must not take others with it. */
  async #oneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const one of batch) {
      const failure = await this.#commit([one]);
      if (failure === undefined) one.resolve();
      else one.reject(failure.error);
    }
  }

  async #commit(batch: readonly Waiting[]): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#database.transaction().execute(async (transaction) => {
        for (const { write } of batch) await write(transaction);
      });
      return undefined;
    } catch (error) {
      return { error };
    }
  }
}

/** Of rows that are deleted within one transaction: what else is written waits for no more than that. */
const SLICE = 500;

/** Deletes very many rows, `most` at a time, with what others write between; answers how many. */
export async function inSlices(
  writes: WriteBatches,
  remove: (transaction: Transaction<Schema>, most: number) => Promise<bigint>,
): Promise<number> {
  let removed = 0;
  for (;;) {
    let slice = 0;
    await writes.add(async (transaction) => {
      slice = Number(await remove(transaction, SLICE));
    });
    removed += slice;
    if (slice < SLICE) return removed;
  }
}
