import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { SqlEntryStore } from '../../src/store/entry-store.js';
import { migrate } from '../../src/store/migrations.js';
import type { Schema } from '../../src/store/schema.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { WriteBatches } from '../../src/store/write-batches.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

async function open() {
  const file = join(await temporaryFolder(), 'state.db');
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  onTestFinished(() => raw.close());
  const database = new Kysely<Schema>({ dialect: workerDialect(raw) });
  await migrate(database, file);
  return { raw, entries: new SqlEntryStore(database, new WriteBatches(database)) };
}

it.each(['not JSON', 'null', '[]', '"text"'])('still names an entry that reads %s', async (text) => {
  const { raw, entries } = await open();
  await entries.changeEntries([
    { change: 'put', kind: 'machine', name: 'a', revision: '1', document: { name: 'a' } },
    { change: 'put', kind: 'machine', name: 'b', revision: '1', document: { name: 'b' } },
  ]);
  await raw.query("update entries set document = ? where name = 'a'", [text]);
  expect(await entries.allEntries()).toEqual([
    { kind: 'machine', name: 'a', revision: '1', document: undefined },
    { kind: 'machine', name: 'b', revision: '1', document: { name: 'b' } },
  ]);
  await raw.query("update entries set kind = 'unheard of' where name = 'a'", []);
  expect((await entries.allEntries()).map(({ name }) => name)).toEqual(['b']);
});
