import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MacAddress } from '../../src/net/mac.js';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

const named = (name: string, lastAt: number) => ({
  name,
  facts: { macs: [name as MacAddress], sourceAddress: '192.168.77.50' },
  firstAt: lastAt,
  lastAt,
  isShown: name === 'c',
});

it('keeps machines that wait until they ask no more', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  const { enrolments } = database;
  for (const [index, name] of ['c', 'a', 'b'].entries()) await enrolments.saveEnrolled(named(name, index + 1));
  await enrolments.saveEnrolled(named('c', 9));
  const names = async (query: { after?: string; limit: number }) =>
    (await enrolments.findEnrolled(query)).map(({ name }) => name);
  expect(await names({ limit: 2 })).toEqual(['a', 'b']);
  expect(await names({ limit: 2, after: 'b' })).toEqual(['c']);
  expect(await enrolments.findEnrolled({ after: 'b', limit: 1 })).toEqual([{ ...named('c', 9), firstAt: 1 }]);
  expect([await enrolments.removeEnrolled('b'), await enrolments.removeEnrolled('b')]).toEqual([true, false]);
  expect(await enrolments.pruneEnrolled(9)).toBe(1);
  expect(await names({ limit: 9 })).toEqual(['c']);
  expect(await enrolments.pruneEnrolled(10)).toBe(1);
  await database.close();
});

it('tells of all that can be read, page by page', async () => {
  const file = join(await temporaryFolder(), 'state.db');
  const database = await openDatabase(file, SQLITE_WORKER);
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries())
    await database.enrolments.saveEnrolled(named(name, index));
  await database.close();
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  await raw.query("update enrolled set facts = '{' where name in ('a', 'c')", []);
  await raw.close();
  const again = await openDatabase(file, SQLITE_WORKER);
  const names = async (limit: number) => (await again.enrolments.findEnrolled({ limit })).map(({ name }) => name);
  expect([await names(1), await names(2), await names(3)]).toEqual([['b'], ['b', 'd'], ['b', 'd']]);
  await again.close();
});
