import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../src/store/sqlite-database.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { entryStoreContract } from '../contracts/entry-store.js';
import { planStoreContract } from '../contracts/plan-store.js';
import { resolutionStoreContract } from '../contracts/resolution-store.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootPlan } from '../fixtures/plans.js';

async function open(file: string): Promise<Database> {
  const database = await openDatabase(file, SQLITE_WORKER);
  onTestFinished(() => database.close());
  return database;
}

const openEmpty = async () => open(join(await temporaryFolder(), 'state', 'state.db'));

describe('openDatabase', () => {
  planStoreContract(async () => (await openEmpty()).plans);
  entryStoreContract(async () => (await openEmpty()).entries);
  resolutionStoreContract(async () => (await openEmpty()).resolutions);

  it('finds everything again', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    const first = await open(file);
    await first.plans.savePlan(bootPlan(), 1);
    await first.close();
    expect(await first.ended).toBeUndefined();
    expect(await (await open(file)).plans.findPlan(bootPlan().id)).toEqual(bootPlan());
  });

  it('refuses a file that another server uses', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    await open(file);
    await expect(openDatabase(file, SQLITE_WORKER)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('in use by another server') as string,
    });
  });

  it('keeps what was acknowledged when the server is killed', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    const script = fileURLToPath(new URL('./killed-server.js', import.meta.url));
    const child = spawn(process.execPath, [script, file, JSON.stringify(bootPlan())], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [acknowledged] = (await once(child.stdout, 'data')) as [Buffer];
    expect(acknowledged.toString()).toBe('saved\n');
    await expect(openDatabase(file, SQLITE_WORKER)).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await (await open(file)).plans.findPlan(bootPlan().id)).toEqual(bootPlan());
  });

  it('refuses what is no database', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    await writeFile(file, 'not a database at all '.repeat(100));
    await expect(openDatabase(file, SQLITE_WORKER)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('no database, or damaged') as string,
      remedy: expect.stringContaining('move the file away') as string,
    });
  });

  it('refuses what a newer version wrote', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    await (await open(file)).close();
    const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
    await raw.query("insert into kysely_migration values ('999-the-future', '2030-01-01')", []);
    await raw.close();
    await expect(openDatabase(file, SQLITE_WORKER)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('a newer version wrote it') as string,
    });
  });

  it('refuses a folder that cannot be made', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(openDatabase(join(folder, 'file', 'state.db'), SQLITE_WORKER)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
    });
  });

  it('refuses a file that is damaged in the middle', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    const database = await openDatabase(file, SQLITE_WORKER);
    await Promise.all(
      Array.from({ length: 200 }, (_, number) => database.plans.savePlan(bootPlan(`node-${number}`), 1)),
    );
    await database.close();
    const bytes = await readFile(file);
    await writeFile(
      file,
      Buffer.concat([bytes.subarray(0, 3 * 4096), bytes.subarray(3 * 4096).map((byte) => byte ^ 0xff)]),
    );
    await expect(openDatabase(file, SQLITE_WORKER)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('it is no database, or damaged') as string,
      remedy: 'move the file away: the state is made anew',
    });
  });

  it('refuses a folder in place of the file', async () => {
    await expect(openDatabase(await temporaryFolder(), SQLITE_WORKER)).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining('cannot be opened (EISDIR)') as string,
    });
  });

  it('finishes the writes under way before it closes, for everybody who closes', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    const first = await open(file);
    const saving = first.plans.savePlan(bootPlan(), 1);
    await Promise.all([first.close(), first.close()]);
    await saving;
    expect(await (await open(file)).plans.findPlan(bootPlan().id)).toEqual(bootPlan());
  });

  it('refuses everything after it was closed', async () => {
    const database = await openEmpty();
    await database.close();
    await expect(database.plans.savePlan(bootPlan(), 1)).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
  });
});

it('says that the disk is full', async () => {
  const raw = await WorkerDatabase.open(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  onTestFinished(() => raw.close());
  await raw.query('create table t(x text)', []);
  await raw.query('PRAGMA max_page_count=4', []);
  const writing = raw.query('insert into t values (?)', ['x'.repeat(100_000)]);
  await expect(writing).rejects.toMatchObject({ code: 'DISK_FULL' });
});
