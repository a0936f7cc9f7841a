import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import type { Schema } from '../../src/store/schema.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { WriteBatches } from '../../src/store/write-batches.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

async function counted() {
  const worker = await WorkerDatabase.open(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  onTestFinished(() => worker.close());
  const statements: string[] = [];
  const dialect = workerDialect({
    query: (sql, parameters) => {
      statements.push(sql);
      return worker.query(sql, parameters);
    },
  });
  await worker.query('create table plans(id text primary key, machine text, issued_at integer, plan text)', []);
  const writes = new WriteBatches(new Kysely<Schema>({ dialect }));
  const add = (id: string) =>
    writes.add(async (transaction) => {
      await transaction.insertInto('plans').values({ id, machine: id, issued_at: 1, plan: '' }).execute();
    });
  const commits = () => statements.filter((sql) => sql === 'commit').length;
  const ids = async () => (await worker.query('select id from plans order by id', [])).rows;
  return { add, commits, ids };
}

it('makes one transaction of what comes together', async () => {
  const { add, commits, ids } = await counted();
  await Promise.all(Array.from({ length: 100 }, (_, number) => add(`node-${number}`)));
  expect(commits()).toBe(1);
  expect(await ids()).toHaveLength(100);
});

it('does not let one that fails take the others with it', async () => {
  const { add, ids } = await counted();
  const results = await Promise.allSettled([add('a'), add('a'), add('b')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await ids()).toEqual([{ id: 'a' }, { id: 'b' }]);
});

it('refuses more than it can hold', async () => {
  const { add } = await counted();
  const adding = Array.from({ length: 10_001 }, (_, number) => add(`node-${number}`));
  const last = adding.pop();
  await expect(last).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
  await Promise.all(adding);
});
