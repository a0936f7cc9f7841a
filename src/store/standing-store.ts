import type { Kysely } from 'kysely';
import type { KeptStanding, LoadedStandings, StandingStore, UnreadableStanding } from '../boot/policy-ports.js';
import type { Standing } from '../boot/standing.js';
import { type StateMark, setMeta } from './disk-state-mark.js';
import { newestTimeIn, TIMES_ACCEPTED } from './newest-time.js';
import type { Schema } from './schema.js';
import type { Write, WriteBatches } from './write-batches.js';

export type StandingStoreParts = {
  readonly database: Kysely<Schema>;
  readonly writes: WriteBatches;
  readonly mark: StateMark;
};

/** Standings in SQL, each with its keys in a table of their own. */
export class SqlStandingStore implements StandingStore {
  readonly #parts: StandingStoreParts;

  constructor(parts: StandingStoreParts) {
    this.#parts = parts;
  }

  async loadStandings(): Promise<LoadedStandings> {
    const { database, mark } = this.#parts;
    const rows = await database.selectFrom('standings').select(['id', 'standing']).execute();
    const keys = await database.selectFrom('standing_keys').select(['key', 'standing_id']).orderBy('key').execute();
    const keysOf = new Map<string, string[]>(rows.map(({ id }) => [id, []]));
    for (const { key, standing_id } of keys) keysOf.get(standing_id)?.push(key);
    const standings: KeptStanding[] = [];
    const unreadable: UnreadableStanding[] = [];
    for (const { id, standing: text } of rows) {
      const read = readStanding(text);
      const its = keysOf.get(id) ?? [];
      if (read === undefined) unreadable.push({ id, keys: its });
      else standings.push({ id, keys: its, ...read });
    }
    const newest = await newestTimeIn(database);
    const isAccepted = newest <= (await acceptedTimes(database));
    return { standings, unreadable, doubtedSince: mark.doubtedSince, newest: isAccepted ? 0 : newest };
  }

  async saveStanding({ id, keys, ...kept }: KeptStanding, replaced: readonly string[]): Promise<void> {
    const text = writeStanding(kept);
    await this.#change(async (transaction) => {
      if (replaced.length > 0) await transaction.deleteFrom('standings').where('id', 'in', replaced).execute();
      await transaction
        .insertInto('standings')
        .values({ id, standing: text })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ standing: text }))
        .execute();
      await transaction.deleteFrom('standing_keys').where('standing_id', '=', id).execute();
      for (const key of keys) {
        await transaction
          .insertInto('standing_keys')
          .values({ key, standing_id: id })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ standing_id: id }))
          .execute();
      }
    });
  }

  async removeStandings(ids: readonly string[]): Promise<void> {
    await this.#change(async (transaction) => {
      await transaction.deleteFrom('standings').where('id', 'in', ids).execute();
    });
  }

  /** One that the witness is to know of. */
  async #change(write: Write): Promise<void> {
    const { writes, mark } = this.#parts;
    let changes = 0;
    await writes.add(async (transaction) => {
      await write(transaction);
      changes = await mark.count(transaction);
    });
    // It is kept all the same: a witness that lags misses an older state, and is written with the next change.
    await mark.written(changes).catch(() => undefined);
  }

  async trust(): Promise<void> {
    const { writes, mark } = this.#parts;
    await writes.add(async (transaction) => {
      // In here, so that no change comes between reading and writing.
      const rows = await transaction.selectFrom('standings').select(['id', 'standing']).execute();
      const newest = await newestTimeIn(transaction);
      for (const { id, standing: text } of rows) {
        const read = readStanding(text);
        const { isDamaged, ...whole } = read ?? {};
        if (read === undefined) await transaction.deleteFrom('standings').where('id', '=', id).execute();
        else if (isDamaged === true) {
          const standing = writeStanding({ ...whole, standing: read.standing });
          await transaction.updateTable('standings').set({ standing }).where('id', '=', id).execute();
        }
      }
      // What is of no later time than this is no reason any more to doubt the clock.
      await setMeta(transaction, TIMES_ACCEPTED, String(newest));
    });
    await mark.trust();
  }
}

async function acceptedTimes(database: Kysely<Schema>): Promise<number> {
  const row = await database.selectFrom('meta').select('value').where('key', '=', TIMES_ACCEPTED).executeTakeFirst();
  return Number(row?.value ?? 0);
}

type Written = Omit<KeptStanding, 'id' | 'keys'>;

/** As one document. */
function writeStanding({ standing, also, isDamaged }: Written): string {
  return JSON.stringify({ ...standing, ...(also !== undefined && { also }), ...(isDamaged === true && { isDamaged }) });
}

/** One that somebody has damaged is not as good as missing: it may have said that the machine is done. */
function readStanding(text: string): Written | undefined {
  try {
    const { also, isDamaged, ...standing } = JSON.parse(text) as Standing & Partial<Written>;
    if (typeof standing.machine !== 'string') return undefined;
    return { standing, ...(also !== undefined && { also }), ...(isDamaged === true && { isDamaged }) };
  } catch {
    return undefined;
  }
}
