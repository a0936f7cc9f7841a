import type { Kysely } from 'kysely';
import type { KeptStanding, StandingStore } from '../boot/policy-ports.js';
import type { Standing } from '../boot/standing.js';
import type { StateMark } from './disk-state-mark.js';
import type { Schema } from './schema.js';
import type { WriteBatches } from './write-batches.js';

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

  async loadStandings(): ReturnType<StandingStore['loadStandings']> {
    const { database, mark } = this.#parts;
    const rows = await database.selectFrom('standings').select(['id', 'standing']).execute();
    const keys = await database.selectFrom('standing_keys').select(['key', 'standing_id']).orderBy('key').execute();
    const keysOf = new Map<string, string[]>(rows.map(({ id }) => [id, []]));
    for (const { key, standing_id } of keys) keysOf.get(standing_id)?.push(key);
    const standings: KeptStanding[] = [];
    const unreadable: string[] = [];
    for (const { id, standing: text } of rows) {
      const standing = readStanding(text);
      const its = keysOf.get(id) ?? [];
      if (standing === undefined) unreadable.push(...its);
      else standings.push({ id, keys: its, standing });
    }
    return { standings, unreadable, doubtedSince: mark.doubtedSince };
  }

  async saveStanding({ id, keys, standing }: KeptStanding, replaced: readonly string[]): Promise<void> {
    const { writes, mark } = this.#parts;
    const text = JSON.stringify(standing);
    let changes = 0;
    await writes.add(async (transaction) => {
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
      changes = await mark.count(transaction);
    });
    // It is kept all the same: a witness that lags misses an older state, and is written with the next change.
    await mark.written(changes).catch(() => undefined);
  }

  async trust(): Promise<void> {
    const { database, writes, mark } = this.#parts;
    const rows = await database.selectFrom('standings').select(['id', 'standing']).execute();
    const damaged = rows.filter(({ standing }) => readStanding(standing) === undefined).map(({ id }) => id);
    if (damaged.length > 0) {
      await writes.add(async (transaction) => {
        await transaction.deleteFrom('standings').where('id', 'in', damaged).execute();
      });
    }
    await mark.trust();
  }
}

/** One that somebody has damaged is not as good as missing: it may have said that the machine is done. */
function readStanding(text: string): Standing | undefined {
  try {
    const standing = JSON.parse(text) as Standing;
    return typeof standing.machine === 'string' ? standing : undefined;
  } catch {
    return undefined;
  }
}
