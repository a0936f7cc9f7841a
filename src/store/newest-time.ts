import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.js';

/** Up to which time the state says nothing of the clock. */
export const TIMES_ACCEPTED = 'times_accepted';

/** As `newestTime` of a standing has it. */
const TOLD = ['$.done.at', '$.reprovision.wishedAt', '$.next.wishedAt'] as const;

/** The newest time that the state holds of what has happened: milliseconds since the epoch, 0 for none. */
export async function newestTimeIn(database: Kysely<Schema>): Promise<number> {
  const boots = await database
    .selectFrom('boots')
    .select(({ fn }) => fn.max('last_at').as('at'))
    .executeTakeFirst();
  const times = TOLD.map((path) => sql`coalesce(cast(json_extract(standing, ${path}) as integer), 0)`);
  const standings = await database
    .selectFrom('standings')
    .select(sql<number | null>`max(case when json_valid(standing) then max(${sql.join(times)}) end)`.as('at'))
    .executeTakeFirst();
  return Math.max(Number(boots?.at ?? 0), Number(standings?.at ?? 0));
}
