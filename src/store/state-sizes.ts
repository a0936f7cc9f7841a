import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.js';

/** How much there is in the state. */
export type StateSizes = {
  readonly boots: number;
  readonly standings: number;
  readonly enrolled: number;
  readonly capabilities: number;
  /** Of the file, without what is still in its log (WAL). */
  readonly bytes: number;
};

/** Throws DATA_UNUSABLE. */
export async function sizesOf(database: Kysely<Schema>): Promise<StateSizes> {
  const count = async (table: 'boots' | 'standings' | 'enrolled' | 'capabilities') => {
    const { rows } = await database
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    return rows;
  };
  const pages = sql<{ bytes: number }>`select page_count * page_size as bytes from pragma_page_count, pragma_page_size`;
  const [bytes] = (await pages.execute(database)).rows;
  return {
    boots: await count('boots'),
    standings: await count('standings'),
    enrolled: await count('enrolled'),
    capabilities: await count('capabilities'),
    bytes: bytes?.bytes ?? 0,
  };
}
