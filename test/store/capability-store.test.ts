import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { SqlCapabilityStore } from '../../src/store/capability-store.js';
import type { Schema } from '../../src/store/schema.js';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { WriteBatches } from '../../src/store/write-batches.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

const CAPABILITY = { hash: 'ab', machine: 'node-01', boot: 'b', beganAt: 1, expiresAt: 10, keys: ['name node-01'] };

it('keeps capabilities until they are over', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  const { capabilities } = database;
  await capabilities.saveCapability(CAPABILITY);
  expect(await capabilities.findCapability('ab')).toEqual(CAPABILITY);
  expect(await capabilities.findCapability('cd')).toBeUndefined();
  expect(await capabilities.pruneCapabilities(10)).toBe(0);
  expect(await capabilities.pruneCapabilities(11)).toBe(1);
  expect(await capabilities.findCapability('ab')).toBeUndefined();
  await database.close();
});

it('keeps the newest of each machine, whatever the clock said when they were given', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  onTestFinished(() => database.close());
  const { capabilities } = database;
  for (let number = 0; number < 6; number += 1)
    await capabilities.saveCapability({ ...CAPABILITY, hash: `h${number}`, expiresAt: 100 - number });
  await capabilities.saveCapability({ ...CAPABILITY, hash: 'other', machine: 'node-02' });
  const hashes = ['h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'other'];
  const found = await Promise.all(hashes.map((hash) => capabilities.findCapability(hash)));
  expect(found.flatMap((one) => one?.hash ?? [])).toEqual(['h2', 'h3', 'h4', 'h5', 'other']);
});

it('keeps so many in all, of which the oldest go', async () => {
  const file = join(await temporaryFolder(), 'state.db');
  await (await openDatabase(file, SQLITE_WORKER)).close();
  const worker = await WorkerDatabase.open(file, SQLITE_WORKER);
  onTestFinished(() => worker.close());
  const database = new Kysely<Schema>({ dialect: workerDialect(worker) });
  const capabilities = new SqlCapabilityStore(database, new WriteBatches(database), 3);
  for (let number = 0; number < 5; number += 1)
    await capabilities.saveCapability({ ...CAPABILITY, hash: `h${number}`, machine: `node-${number}` });
  expect(await capabilities.pruneCapabilities(1)).toBe(2);
  expect(await capabilities.findCapability('h1')).toBeUndefined();
  expect(await capabilities.findCapability('h2')).toBeDefined();
});
