import type { Insertable, Kysely, SelectQueryBuilder, Transaction } from 'kysely';
import { BOOT_STATES, type Boot, type BootStep, DOUBTFUL_STATES, type StepEvent } from '../boot/boot.js';
import type { Attempt, BootChange, BootQuery, BootStore, BootWithSteps, KeptBoots } from '../boot/ports.js';
import { readOn } from './read-on.js';
import type { Schema } from './schema.js';
import { inSlices, type WriteBatches } from './write-batches.js';

/** Sorts after every character of an id. */
const AFTER_ANY = '\u{10ffff}';

/** Boots in SQL, each with its steps in a table of their own. */
export class SqlBootStore implements BootStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;

  constructor(database: Kysely<Schema>, writes: WriteBatches) {
    this.#database = database;
    this.#writes = writes;
  }

  saveBoots(changes: readonly BootChange[]): Promise<void> {
    return this.#writes.add((transaction) => saveBoots(transaction, changes));
  }

  async findBoots({ machine, state, since, before, limit }: BootQuery): Promise<readonly Boot[]> {
    let query = this.#database.selectFrom('boots').select(['id', 'began_at', 'boot']);
    if (machine !== undefined) query = query.where('machine', '=', machine);
    if (state !== undefined) query = query.where('state', '=', state);
    if (since !== undefined) query = query.where('began_at', '>=', since);
    const page = (last: Pick<Schema['boots'], 'id' | 'began_at'> | undefined, most: number) => {
      const from = last === undefined ? before : { beganAt: last.began_at, id: last.id };
      const older =
        from === undefined
          ? query
          : query.where(({ eb, and, or }) =>
              or([eb('began_at', '<', from.beganAt), and([eb('began_at', '=', from.beganAt), eb('id', '<', from.id)])]),
            );
      return older.orderBy('began_at', 'desc').orderBy('id', 'desc').limit(most).execute();
    };
    return readOn(limit, page, readBoot);
  }

  async findBoot(id: string): Promise<BootWithSteps | undefined> {
    const row = await this.#database.selectFrom('boots').select(['id', 'boot']).where('id', '=', id).executeTakeFirst();
    const boot = row && readBoot(row);
    if (boot === undefined) return undefined;
    const rows = await this.#database
      .selectFrom('boot_steps')
      .select(['at', 'event'])
      .where('boot_id', '=', id)
      .orderBy('number')
      .execute();
    return { boot, steps: rows.flatMap((step) => readStep(step) ?? []) };
  }

  async findBootIds(prefix: string, most: number): Promise<readonly string[]> {
    // A range of the primary key, which LIKE is not where it goes by letters of either case.
    const rows = await this.#database
      .selectFrom('boots')
      .select('id')
      .where('id', '>=', prefix)
      .where('id', '<', `${prefix}${AFTER_ANY}`)
      .orderBy('id')
      .limit(most)
      .execute();
    return rows.map(({ id }) => id);
  }

  async lastBoots(since: number, most: number): Promise<readonly Boot[]> {
    const kinds = await Promise.all([this.#lastOf('not in', since, most), this.#lastOf('in', since, most)]);
    return kinds.flat();
  }

  /** Of those that are, or are not, in a state that anybody can bring about: the newest, the last one at the end. */
  async #lastOf(are: 'in' | 'not in', since: number, most: number): Promise<readonly Boot[]> {
    const rows = await this.#database
      .selectFrom('boots')
      .select(['id', 'boot'])
      .where('last_at', '>=', since)
      .where('state', are, [...DOUBTFUL_STATES])
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('boots as newer')
              .select('newer.id')
              .whereRef('newer.machine', '=', 'boots.machine')
              .where('newer.last_at', '>=', since)
              .where(({ eb, and, or, ref }) =>
                or([
                  eb('newer.began_at', '>', ref('boots.began_at')),
                  and([eb('newer.began_at', '=', ref('boots.began_at')), eb('newer.id', '>', ref('boots.id'))]),
                ]),
              ),
          ),
        ),
      )
      .orderBy('last_at', 'desc')
      .limit(most)
      .execute();
    return rows.reverse().flatMap((row) => readBoot(row) ?? []);
  }

  async attemptsSince(since: number): Promise<readonly Attempt[]> {
    const rows = await this.#database
      .selectFrom('boots')
      .select(['machine', 'id', 'attempted_at'])
      .where('attempted_at', '>=', since)
      .orderBy('attempted_at')
      .execute();
    return rows.map(({ machine, id, attempted_at }) => ({ machine, boot: id, at: attempted_at ?? 0 }));
  }

  async pruneBoots({ since, most, mostDoubtful, mostStrangers }: KeptBoots): Promise<number> {
    let pruned = await this.#prune((boots) => boots.where('last_at', '<', since));
    for (const state of DOUBTFUL_STATES)
      pruned += await this.#pruneAllBut(mostDoubtful, (boots) => boots.where('state', '=', state));
    pruned += await this.#pruneAllBut(mostStrangers, (boots) => boots.where('is_stranger', '=', 1));
    return pruned + (await this.#pruneAllBut(most, (boots) => boots));
  }

  /** Keeps so many of the newest of those that are meant. */
  async #pruneAllBut(most: number, meant: Meant): Promise<number> {
    const first = await meant(this.#database.selectFrom('boots'))
      .select(['began_at', 'id'])
      .orderBy('began_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .offset(most)
      .executeTakeFirst();
    if (first === undefined) return 0;
    return this.#prune((boots) =>
      meant(boots).where(({ eb, and, or }) =>
        or([eb('began_at', '<', first.began_at), and([eb('began_at', '=', first.began_at), eb('id', '<=', first.id)])]),
      ),
    );
  }

  #prune(meant: Meant): Promise<number> {
    return inSlices(this.#writes, async (transaction, most) => {
      const some = meant(transaction.selectFrom('boots')).select('id').limit(most);
      return (await transaction.deleteFrom('boots').where('id', 'in', some).executeTakeFirst()).numDeletedRows;
    });
  }
}

type Boots = SelectQueryBuilder<Schema, 'boots', object>;
type Meant = (boots: Boots) => Boots;

/** A statement is a message to another thread and back: all boots in few of them. */
async function saveBoots(transaction: Transaction<Schema>, changes: readonly BootChange[]): Promise<void> {
  for (const rows of inPieces(changes.map(({ boot }) => bootRow(boot)))) {
    await transaction
      .insertInto('boots')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet(({ ref }) => ({
          last_at: ref('excluded.last_at'),
          state: ref('excluded.state'),
          attempted_at: ref('excluded.attempted_at'),
          boot: ref('excluded.boot'),
        })),
      )
      .execute();
  }
  for (const rows of inPieces(changes.flatMap(stepRows))) {
    // A write that failed in the middle of a batch is done again.
    await transaction
      .insertInto('boot_steps')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['boot_id', 'number']).doNothing())
      .execute();
  }
}

function bootRow(boot: Boot): Insertable<Schema['boots']> {
  const { id, machine, beganAt, lastAt, state, attemptedAt = null, isStranger = false } = boot;
  return {
    id,
    machine,
    began_at: beganAt,
    last_at: lastAt,
    state,
    attempted_at: attemptedAt,
    is_stranger: Number(isStranger),
    boot: JSON.stringify(boot),
  };
}

function stepRows({ boot, steps }: BootChange): readonly Insertable<Schema['boot_steps']>[] {
  const first = boot.steps - steps.length + 1;
  return steps.map(({ at, event }, index) => ({
    boot_id: boot.id,
    number: first + index,
    at,
    event: JSON.stringify(event),
  }));
}

/** Of one statement: SQLite takes 32,766 values with it (limits.html). */
const ROWS = 100;

function inPieces<T>(rows: readonly T[]): readonly T[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, piece) =>
    rows.slice(piece * ROWS, (piece + 1) * ROWS),
  );
}

/** We wrote it; a row that somebody changed is as good as missing. */
function readBoot({ id, boot: text }: { readonly id: string; readonly boot: string }): Boot | undefined {
  try {
    const boot = JSON.parse(text) as Boot;
    return boot.id === id && BOOT_STATES.includes(boot.state) ? boot : undefined;
  } catch {
    return undefined;
  }
}

function readStep({ at, event: text }: { readonly at: number; readonly event: string }): BootStep | undefined {
  try {
    const event = JSON.parse(text) as StepEvent;
    return typeof event.event === 'string' ? { at, event: asNow(event) } : undefined;
  } catch {
    return undefined;
  }
}

/** Older versions said `isPlain`: `false` of a UKI that is not given the kernel arguments of the mapping. */
function asNow(event: StepEvent & { readonly isPlain?: boolean }): StepEvent {
  const { isPlain, ...others } = event;
  return others.event === 'uki.planned' && isPlain === false ? { ...others, unmet: ['arguments'] } : others;
}
