import type { Kysely } from 'kysely';
import type { EnrolledMachine, EnrolmentStore } from '../boot/policy-ports.js';
import type { MachineFacts } from '../machine/facts.js';
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
    let query = this.#database.selectFrom('enrolled').selectAll();
    if (after !== undefined) query = query.where('name', '>', after);
    const rows = await query.orderBy('name').limit(limit).execute();
    return rows.flatMap((row) => readEnrolled(row) ?? []);
  }

  async findOneEnrolled(name: string): Promise<EnrolledMachine | undefined> {
    const row = await this.#database.selectFrom('enrolled').selectAll().where('name', '=', name).executeTakeFirst();
    return row && readEnrolled(row);
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
