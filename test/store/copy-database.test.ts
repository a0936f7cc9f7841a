import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copyDatabase, StateCopies, type StateCopy } from '../../src/store/copy-database.js';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootPlan } from '../fixtures/plans.js';

const COPY_WORKER = new URL('./sqlite-copy-process.js', SQLITE_WORKER);
const NOW = 1_700_000_000_000;

async function opened() {
  const file = join(await temporaryFolder(), 'state.db');
  const database = await openDatabase(file, SQLITE_WORKER);
  onTestFinished(() => database.close());
  const besides = async () => (await readdir(dirname(file))).filter((name) => name.includes('.copy'));
  return { file, database, besides };
}

/** Writes it where a state may be, and opens that. */
async function restored({ file: copy, size }: StateCopy) {
  const bytes = await copy.readFile();
  await copy.close();
  expect(bytes.length).toBe(size);
  const file = join(await temporaryFolder(), 'state.db');
  await writeFile(file, bytes);
  return file;
}

async function rowsOf(file: string, sql: string): Promise<readonly unknown[]> {
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  const { rows } = await raw.query(sql, []);
  await raw.close();
  return rows;
}

describe('a copy of the state', () => {
  it('holds all that was acknowledged, says that it is one, and leaves nothing beside the state', async () => {
    const { database, besides } = await opened();
    await database.plans.savePlan(bootPlan(), 1);
    const copy = await database.copy(NOW);
    expect((await copy.file.stat()).mode & 0o777).toBe(0o600);
    expect(await besides()).toEqual([]);
    const file = await restored(copy);
    expect(await rowsOf(file, 'select * from meta')).toContainEqual({ key: 'copied_at', value: String(NOW) });
    expect(await rowsOf(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    const again = await openDatabase(file, SQLITE_WORKER);
    onTestFinished(() => again.close());
    expect(await again.plans.findPlan(bootPlan().id)).toEqual(bootPlan());
  });

  it('is of one moment, and holds up nobody who writes', async () => {
    const { file, database } = await opened();
    for (let round = 0; round < 20; round += 1) {
      const some = Array.from({ length: 100 }, (_, number) => bootPlan(`node-${round}-${number}`));
      await Promise.all(some.map((plan) => database.plans.savePlan(plan, round)));
    }
    const copying = database.copy(NOW);
    const isCopied = copying.then(() => true);
    // What is written first in each round is written while the copy is being made.
    let during = 0;
    for (; !(await Promise.race([isCopied, Promise.resolve(false)])); during += 1)
      await database.plans.savePlan(bootPlan(`late-${during}`), 100);
    expect(during).toBeGreaterThan(1);
    const copied = await restored(await copying);
    expect(await rowsOf(copied, 'select count(*) as plans from plans where issued_at < 100')).toEqual([
      { plans: 2_000 },
    ]);
    expect(await rowsOf(copied, 'PRAGMA foreign_key_check')).toEqual([]);
    // The state is still this server's alone.
    await expect(openDatabase(file, SQLITE_WORKER)).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
  });

  it('is one at a time', async () => {
    const { database } = await opened();
    const first = database.copy(NOW);
    await expect(database.copy(NOW)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      remedy: 'try again when it is done',
    });
    await (await first).file.close();
    await (await database.copy(NOW)).file.close();
  });

  it('that a kill left half is gone with the next start', async () => {
    const { file, database, besides } = await opened();
    await database.close();
    for (const end of ['.copy', '.copy-journal', '.copy-123']) await writeFile(file + end, 'half');
    const again = await openDatabase(file, SQLITE_WORKER);
    onTestFinished(() => again.close());
    expect(await besides()).toEqual([]);
  });

  it('in the place of a state whose server was killed is not mixed with what that one wrote last', async () => {
    const { file, database } = await opened();
    await database.plans.savePlan(bootPlan('kept'), 1);
    const copy = await database.copy(NOW);
    await database.plans.savePlan(bootPlan('later'), 2);
    // As a kill leaves it.
    const folder = await temporaryFolder();
    const place = join(folder, 'state.db');
    for (const end of ['-wal', '-shm']) await writeFile(place + end, await readFile(file + end));
    expect((await stat(`${place}-wal`)).size).toBeGreaterThan(0);
    await writeFile(place, await copy.file.readFile());
    await copy.file.close();
    const again = await openDatabase(place, SQLITE_WORKER);
    onTestFinished(() => again.close());
    expect(await again.plans.findPlan(bootPlan('kept').id)).toEqual(bootPlan('kept'));
    expect(await again.plans.findPlan(bootPlan('later').id)).toBeUndefined();
  });

  it('is made without a server, of a state that is there', async () => {
    const { file, database } = await opened();
    await database.plans.savePlan(bootPlan(), 1);
    await database.close();
    const copies = new StateCopies(file, { script: COPY_WORKER, name: '-1' });
    expect(await rowsOf(await restored(await copies.make(NOW)), 'select machine from plans')).toEqual([
      { machine: 'node-01' },
    ]);
    const none = new StateCopies(join(dirname(file), 'none.db'), { script: COPY_WORKER });
    await expect(none.make(NOW)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('there is no state yet') as string,
    });
  });
});

describe('copyDatabase', () => {
  it('leaves nothing of a file that is no state', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    await writeFile(file, 'not a database at all '.repeat(100));
    await expect(copyDatabase(file, `${file}.new`, { now: NOW, script: COPY_WORKER })).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('no database, or damaged') as string,
    });
    expect(await readdir(dirname(file))).toEqual([basename(file)]);
  });

  it('replaces nothing', async () => {
    const { file } = await opened();
    const other = `${file}.other`;
    await writeFile(other, 'mine');
    await chmod(other, 0o644);
    await expect(copyDatabase(file, other, { now: NOW, script: COPY_WORKER })).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('EEXIST') as string,
    });
    expect(await readFile(other, 'utf8')).toBe('mine');
  });

  it('says so when its thread dies', async () => {
    const { file } = await opened();
    const script = new URL(`data:text/javascript,${encodeURIComponent('process.exit(1)')}`);
    await expect(copyDatabase(file, `${file}.new`, { now: NOW, script })).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('the thread that copies it ended') as string,
    });
  });
});
