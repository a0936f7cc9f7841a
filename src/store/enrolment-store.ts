import type { Kysely } from 'kysely';
import type { EnrolledMachine, EnrolmentStore } from '../boot/policy-ports.js';
import type { MachineFacts } from '../machine/facts.js';
import { readOn } from './read-on.js';
import type { Schema } from './schema.js';
import type { WriteBatches } from './write-batches.js';

/** Machines that wait for an assignment, in SQL. */
export class SqlEnrolmentStore implements EnrolmentStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;

  constructor(database: Kysely<Schema>, writes: WriteBatches) {
    this.#database = database;
    this.#writes = writes;
  }

  saveEnrolled({ name, facts, firstAt, lastAt, isShown }: EnrolledMachine): Promise<void> {
    const changing = { last_at: lastAt, facts: JSON.stringify({ ...facts, isShown }) };
    return this.#writes.add(async (transaction) => {
      await transaction
        .insertInto('enrolled')
        .values({ name, first_at: firstAt, ...changing })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(changing))
        .execute();
    });
  }

  async findEnrolled({ after, limit }: Parameters<EnrolmentStore['findEnrolled']>[0]) {
    const page = (last: Schema['enrolled'] | undefined, most: number) => {
      const from = last?.name ?? after;
      let query = this.#database.selectFrom('enrolled').selectAll();
      if (from !== undefined) query = query.where('name', '>', from);
      return query.orderBy('name').limit(most).execute();
    };
    return readOn(limit, page, readEnrolled);
  }

  async removeEnrolled(name: string): Promise<boolean> {
    let removed = 0n;
    await this.#writes.add(async (transaction) => {
      const gone = await transaction.deleteFrom('enrolled').where('name', '=', name).executeTakeFirst();
      removed = gone.numDeletedRows;
    });
    return removed > 0n;
  }

  async pruneEnrolled(since: number): Promise<number> {
    let pruned = 0n;
    await this.#writes.add(async (transaction) => {
      const old = await transaction.deleteFrom('enrolled').where('last_at', '<', since).executeTakeFirst();
      pruned = old.numDeletedRows;
    });
    return Number(pruned);
  }
}

/** A row that somebody changed is as good as missing. */
function readEnrolled(row: Schema['enrolled']): EnrolledMachine | undefined {
  try {
    const { isShown, ...facts } = JSON.parse(row.facts) as MachineFacts & { readonly isShown?: boolean };
    if (!Array.isArray(facts.macs)) return undefined;
    return { name: row.name, facts, firstAt: row.first_at, lastAt: row.last_at, isShown: isShown === true };
  } catch {
    return undefined;
  }
}
