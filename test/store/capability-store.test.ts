import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/oci/digest.js';
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
  for (let number = 0; number < 40; number += 1)
    await capabilities.saveCapability({ ...CAPABILITY, hash: `h${number}`, expiresAt: 100 - number });
  await capabilities.saveCapability({ ...CAPABILITY, hash: 'other', machine: 'node-02' });
  const all = Array.from({ length: 40 }, (_, number) => `h${number}`);
  const hashes = [...all, 'other'];
  const found = await Promise.all(hashes.map((hash) => capabilities.findCapability(hash)));
  expect(found.flatMap((one) => one?.hash ?? [])).toEqual([...all.slice(8), 'other']);
});

const HANDS_OUT = {
  ...{ assignment: 'workers', address: '10.0.2.15', facts: { macs: [], sourceAddress: '10.0.2.15' } },
  image: { reference: 'lab:5000/os:1', digest: digestOf(Buffer.from('image')) },
};

it('hands each document out once, however many ask at the same time', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  onTestFinished(() => database.close());
  const { capabilities } = database;
  await capabilities.saveCapability({ ...CAPABILITY, handsOut: HANDS_OUT });
  await capabilities.saveCapability({ ...CAPABILITY, hash: 'done' });
  const raced = await Promise.all(Array.from({ length: 20 }, () => capabilities.spend('ab', 'config.ign')));
  expect(raced.filter(Boolean)).toHaveLength(1);
  expect(await capabilities.spend('ab', 'ks.cfg')).toBe(true);
  expect(await capabilities.spend('done', 'config.ign')).toBe(false);
  expect(await capabilities.spend('nobody', 'config.ign')).toBe(false);
  expect((await capabilities.findCapability('ab'))?.handsOut?.spent).toEqual(['config.ign', 'ks.cfg']);
});

it('hands each document out once in a boot, by whichever of its capabilities, and when the others are forgotten', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  onTestFinished(() => database.close());
  const { capabilities } = database;
  const save = (hash: string, more = {}) =>
    capabilities.saveCapability({ ...CAPABILITY, hash, handsOut: HANDS_OUT, ...more });
  await save('first');
  await save('second');
  await save('other', { machine: 'node-02' });
  expect(await capabilities.spend('first', 'config.ign')).toBe(true);
  expect(await capabilities.spend('second', 'config.ign')).toBe(false);
  expect(await capabilities.spend('other', 'config.ign')).toBe(true);
  for (let number = 0; number < 40; number += 1) await save(`h${number}`);
  expect(await capabilities.findCapability('first')).toBeUndefined();
  expect(await capabilities.spend('h39', 'config.ign')).toBe(false);
  await save('next', { boot: 'c' });
  expect(await capabilities.spend('next', 'config.ign')).toBe(true);
});

it('supersedes what the other boots of a machine were given, and nothing else', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  onTestFinished(() => database.close());
  const { capabilities } = database;
  const save = (hash: string, boot: string, more = {}) =>
    capabilities.saveCapability({ ...CAPABILITY, hash, boot, handsOut: HANDS_OUT, ...more });
  await save('first', 'b1');
  await save('again', 'b1');
  await save('other', 'b2', { machine: 'node-02' });
  await capabilities.saveCapability({ ...CAPABILITY, hash: 'done', boot: 'b1' });
  await save('next', 'b2');
  await capabilities.supersede('node-01', 'b2');
  const found = await Promise.all(['first', 'again', 'other', 'next'].map((hash) => capabilities.findCapability(hash)));
  expect(found.map((one) => one?.handsOut?.isSuperseded)).toEqual([true, true, undefined, undefined]);
  expect(await capabilities.findCapability('done')).toMatchObject({ boot: 'b1' });
  await Promise.all([save('late', 'b2'), capabilities.supersede('node-01', 'b3')]);
  const late = await Promise.all(['late', 'next'].map((hash) => capabilities.findCapability(hash)));
  expect(late.map((one) => one?.handsOut?.isSuperseded)).toEqual([true, true]);
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
