import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it } from 'vitest';
import { migrate } from '../../src/store/migrations.js';
import type { Schema } from '../../src/store/schema.js';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { type Rows, WorkerDatabase } from '../../src/store/worker-database.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootPlan } from '../fixtures/plans.js';

const newFile = async () => join(await temporaryFolder(), 'state.db');

/** Migrates, with a look at every statement before it is done. */
async function migrateWatched(file: string, before: (sql: string) => void): Promise<void> {
  const raw = await WorkerDatabase.open(file);
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

it.each(['table "resolutions"', 'update plan_artifacts', 'commit'])(
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
    const database = await openDatabase(file);
    await database.plans.savePlan(bootPlan(), 1);
    await database.close();
  },
);

it('dates the artifacts of plans that the first version saved', async () => {
  const file = await newFile();
  const plan = bootPlan();
  const before = await openDatabase(file);
  await before.plans.savePlan(plan, 1000);
  await before.close();
  const raw = await WorkerDatabase.open(file);
  await raw.query('drop index plan_artifacts_by_issued_at', []);
  await raw.query('alter table plan_artifacts drop column issued_at', []);
  await raw.query("delete from kysely_migration where name = '002-artifacts-by-time'", []);
  await raw.close();
  const after = await openDatabase(file);
  const { digest } = plan.kernel.descriptor;
  expect((await after.plans.findPlannedArtifact(digest, 999))?.role).toBe('kernel');
  expect(await after.plans.findPlannedArtifact(digest, 1000)).toBeUndefined();
  await after.close();
});
