import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it } from 'vitest';
import { migrate } from '../../src/store/migrations.js';
import type { Schema } from '../../src/store/schema.js';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { type Rows, WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootPlan } from '../fixtures/plans.js';

const newFile = async () => join(await temporaryFolder(), 'state.db');

/** Migrates, with a look at every statement before it is done. */
async function migrateWatched(file: string, before: (sql: string) => void): Promise<void> {
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  const query = async (sql: string, parameters: readonly unknown[]): Promise<Rows> => {
    before(sql);
    return raw.query(sql, parameters);
  };
  try {
    await migrate(new Kysely<Schema>({ dialect: workerDialect({ query }) }), file);
  } finally {
    await raw.close();
  }
}

it('changes nothing the second time', async () => {
  const file = await newFile();
  const changes: string[] = [];
  const note = (sql: string) => {
    if (/^(create|alter|update)/.test(sql)) changes.push(sql);
  };
  await migrateWatched(file, note);
  expect(changes.length).toBeGreaterThan(3);
  changes.length = 0;
  await migrateWatched(file, note);
  expect(changes).toEqual([]);
});

it.each(['table "resolutions"', 'index "plan_artifacts_by_issued_at"', 'commit'])(
  'starts anew after it was stopped at %s',
  async (where) => {
    const file = await newFile();
    let stopped = false;
    const stop = (sql: string) => {
      if (!sql.includes(where)) return;
      stopped = true;
      throw new Error('stopped');
    };
    await expect(migrateWatched(file, stop)).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
    expect(stopped).toBe(true);
    const database = await openDatabase(file, SQLITE_WORKER);
    await database.plans.savePlan(bootPlan(), 1);
    await database.close();
  },
);
