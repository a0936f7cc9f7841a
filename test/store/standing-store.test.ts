import { randomUUID } from 'node:crypto';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { KeptStanding } from '../../src/boot/policy-ports.js';
import { Standings } from '../../src/booter/standings.js';
import { witnessOf } from '../../src/store/disk-state-mark.js';
import { type Database, openDatabase } from '../../src/store/sqlite-database.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

const newFile = async () => join(await temporaryFolder(), 'state.db');
const DONE: KeptStanding = {
  id: 'one',
  keys: ['mac 52:54:00:00:00:01', 'name node-01'],
  standing: { machine: 'node-01', done: { at: 5, by: 'report', boot: 'b' } },
};

async function within<T>(file: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(file, SQLITE_WORKER);
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}

const loaded = (file: string) => within(file, ({ standings }) => standings.loadStandings());
const save = (file: string, one = DONE, replaced: readonly string[] = []) =>
  within(file, ({ standings }) => standings.saveStanding(one, replaced));

async function changed(file: string, statement: string): Promise<void> {
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  await raw.query(statement, []);
  await raw.close();
}

it('keeps standings with their keys, and changes them', async () => {
  const file = await newFile();
  await save(file);
  expect(await loaded(file)).toEqual({ standings: [DONE], unreadable: [], doubtedSince: undefined, newest: 5 });
  const other = { ...DONE, keys: ['name node-1'], standing: { machine: 'node-1' } };
  await save(file, other);
  expect(await loaded(file)).toMatchObject({ standings: [other] });
});

it('puts one in place of several, whose keys it takes', async () => {
  const file = await newFile();
  await save(file);
  await save(file, { id: 'two', keys: ['serial 7'], standing: { machine: 'x' } });
  const both = { id: 'one', keys: [...DONE.keys, 'serial 7'], standing: DONE.standing };
  await save(file, both, ['two']);
  const { standings } = await loaded(file);
  expect(standings.map((one) => ({ ...one, keys: [...one.keys].sort() }))).toEqual([both]);
});

it('tells whose rows somebody has damaged', async () => {
  const file = await newFile();
  await save(file);
  await changed(file, `update standings set standing = '{'`);
  expect(await loaded(file)).toMatchObject({ standings: [], unreadable: [{ id: 'one', keys: DONE.keys }] });
  await within(file, ({ standings }) => standings.trust());
  expect(await loaded(file)).toMatchObject({ standings: [], unreadable: [] });
});

it('leaves nothing of a row that somebody has damaged where all is told anew, and the doubt of its other keys', async () => {
  const file = await newFile();
  await save(file);
  await changed(file, `update standings set standing = '{'`);
  const [name = '', ...others] = DONE.keys;
  await within(file, async ({ standings: store }) => {
    const standings = await Standings.open({ store, newId: randomUUID });
    await standings.change({ machine: 'node-01', keys: [name] }, () => DONE.standing);
    expect(standings.doubt({ machine: 'node-02', keys: others })).toEqual({ kind: 'damaged' });
    await standings.forget({ machine: 'node-02', keys: others });
  });
  expect(await loaded(file)).toMatchObject({ standings: [{ keys: [name] }], unreadable: [] });
});

it('keeps what is told while the state is taken for whole', async () => {
  const file = await newFile();
  const { standing, ...one } = DONE;
  await save(file, { ...one, isDamaged: true, standing: { machine: 'node-01' } });
  await within(file, async ({ standings: store }) => {
    const standings = await Standings.open({ store, newId: () => 'new' });
    const told = standings.change({ machine: 'node-01', keys: one.keys }, () => standing);
    await Promise.all([standings.trust(), told]);
  });
  expect(await loaded(file)).toMatchObject({ standings: [{ standing }] });
});

it('takes a new state for whole, and its own again', async () => {
  const file = await newFile();
  expect((await loaded(file)).doubtedSince).toBeUndefined();
  await save(file);
  expect((await loaded(file)).doubtedSince).toBeUndefined();
});

it.each<[string, (file: string) => Promise<void>]>([
  ['lost', (file) => rm(file)],
  [
    'replaced by another',
    async (file) => {
      const other = await newFile();
      await save(other);
      await copyFile(other, file);
    },
  ],
  ['marked as a copy', (file) => changed(file, `insert into meta values ('copied_at', '1')`)],
])('doubts a state that was %s, until it is trusted', async (_name, happens) => {
  const file = await newFile();
  await save(file);
  await happens(file);
  const { doubtedSince } = await loaded(file);
  expect(doubtedSince).toBeGreaterThan(1_700_000_000_000);
  expect((await loaded(file)).doubtedSince).toBe(doubtedSince);
  await save(file, { ...DONE, id: 'later', keys: ['name later'] });
  expect((await loaded(file)).doubtedSince).toBe(doubtedSince);
  await within(file, ({ standings }) => standings.trust());
  expect((await loaded(file)).doubtedSince).toBeUndefined();
});

it('doubts an older state of its own', async () => {
  const file = await newFile();
  await save(file);
  await copyFile(file, `${file}.old`);
  await save(file, { ...DONE, id: 'later', keys: ['name later'] });
  await copyFile(`${file}.old`, file);
  expect((await loaded(file)).doubtedSince).toBeDefined();
});

it('trusts a state whose witness is behind: it is as it was before the witness was written', async () => {
  const file = await newFile();
  await save(file);
  const witness = await readFile(witnessOf(file), 'utf8');
  await save(file, { ...DONE, id: 'later', keys: ['name later'] });
  await writeFile(witnessOf(file), witness);
  expect((await loaded(file)).doubtedSince).toBeUndefined();
});

it('doubts a state that is there without its witness', async () => {
  const file = await newFile();
  await save(file);
  await rm(witnessOf(file));
  expect((await loaded(file)).doubtedSince).toBeDefined();
});

it('notices that a state is gone which was doubted itself, and had no witness then', async () => {
  const file = await newFile();
  await save(file);
  await rm(witnessOf(file));
  await loaded(file);
  for (const end of ['', '-wal', '-shm']) await rm(`${file}${end}`, { force: true });
  expect((await loaded(file)).doubtedSince).toBeDefined();
});

it('doubts a state whose witness cannot be read', async () => {
  const file = await newFile();
  await save(file);
  await writeFile(witnessOf(file), '{"id":');
  expect((await loaded(file)).doubtedSince).toBeDefined();
});

it('keeps what a machine reported, and that something of it was damaged, until it is trusted', async () => {
  const file = await newFile();
  const one: KeptStanding = { ...DONE, also: ['uuid 7'], isDamaged: true };
  await save(file, one);
  expect((await loaded(file)).standings).toEqual([one]);
  await within(file, ({ standings }) => standings.trust());
  expect((await loaded(file)).standings).toEqual([{ ...DONE, also: ['uuid 7'] }]);
});

it('forgets what it is told to', async () => {
  const file = await newFile();
  await save(file);
  await save(file, { id: 'two', keys: ['serial 7'], standing: { machine: 'x' } });
  await within(file, ({ standings }) => standings.removeStandings(['one']));
  expect((await loaded(file)).standings).toMatchObject([{ id: 'two' }]);
});

it('tells the newest time that it holds, until that is accepted', async () => {
  const file = await newFile();
  const standing = { machine: 'x', reprovision: { at: 9_000, wishedAt: 7 }, releasedAt: 6 };
  await save(file, { id: 'two', keys: ['serial 7'], standing });
  await changed(file, `insert into standings values ('three', '{')`);
  const boot = { id: 'b', machine: 'x', beganAt: 1, lastAt: 8, state: 'offered', steps: 0 } as const;
  expect((await loaded(file)).newest).toBe(7);
  await within(file, ({ boots }) => boots.saveBoots([{ boot, steps: [] }]));
  expect((await loaded(file)).newest).toBe(8);
  await within(file, ({ standings }) => standings.trust());
  expect((await loaded(file)).newest).toBe(0);
  await save(file, { id: 'two', keys: ['serial 7'], standing: { ...standing, done: { at: 9, by: 'operator' } } });
  expect((await loaded(file)).newest).toBe(9);
});

it('takes no wish that it holds for one of after the doubt, whatever the clock says', async () => {
  const file = await newFile();
  const wishedAt = Date.UTC(2090, 0, 1);
  await save(file, { ...DONE, standing: { machine: 'node-01', reprovision: { at: 1, wishedAt } } });
  await rm(witnessOf(file));
  expect((await loaded(file)).doubtedSince).toBeGreaterThan(wishedAt);
});
