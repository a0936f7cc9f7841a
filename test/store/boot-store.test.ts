import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { type Boot, type BootStep, newBoot, type StepEvent, withStep } from '../../src/boot/boot.js';
import type { BootQuery } from '../../src/boot/ports.js';
import { SqlBootStore } from '../../src/store/boot-store.js';
import { migrate } from '../../src/store/migrations.js';
import type { Schema } from '../../src/store/schema.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { WriteBatches } from '../../src/store/write-batches.js';
import { BOOT_STEPS as STEP } from '../fixtures/boot-steps.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

async function open() {
  const file = join(await temporaryFolder(), 'state.db');
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  onTestFinished(() => raw.close());
  const database = new Kysely<Schema>({ dialect: workerDialect(raw) });
  await migrate(database, file);
  return { raw, boots: new SqlBootStore(database, new WriteBatches(database)) };
}

type Kept = { readonly boot: Boot; readonly steps: readonly BootStep[] };

/** A boot that began at that time, a step each millisecond. */
function kept(id: string, beganAt: number, { machine = 'node-01', events = [STEP.script] as StepEvent[] } = {}): Kept {
  const steps = events.map((event, index) => ({ at: beganAt + index, event }));
  return { boot: steps.reduce(withStep, newBoot(id, machine, beganAt)), steps };
}

it('keeps boots with their steps, and what is added to them', async () => {
  const { boots } = await open();
  const [one, other] = [kept('a', 1), kept('b', 2, { machine: 'node-02' })];
  await boots.saveBoots([one, other]);
  expect([await boots.findBoot('a'), await boots.findBoot('b')]).toEqual([one, other]);
  const step = { at: 9, event: STEP.kernelStarted };
  const boot = withStep(one.boot, step);
  await boots.saveBoots([{ boot, steps: [step] }]);
  expect(await boots.findBoot('a')).toEqual({ boot, steps: [...one.steps, step] });
  expect(await boots.findBoot('c')).toBeUndefined();
});

it('has each step once, though it is written again', async () => {
  const { boots } = await open();
  const one = kept('a', 1, { events: [STEP.discover, STEP.script] });
  await boots.saveBoots([one]);
  await boots.saveBoots([one]);
  expect((await boots.findBoot('a'))?.steps).toEqual(one.steps);
});

it('finds the newest first, of all machines or one, page by page', async () => {
  const { boots } = await open();
  const machines = ['node-01', 'node-02'];
  // Two at a time.
  const all = Array.from({ length: 10 }, (_, index) =>
    kept(`b${index}`, Math.floor(index / 2), { machine: machines[index % 2] ?? '' }),
  );
  await boots.saveBoots(all);
  const ids = (found: readonly Boot[]) => found.map(({ id }) => id).join(' ');
  const first = await boots.findBoots({ limit: 3 });
  expect(ids(first)).toBe('b9 b8 b7');
  const last = first.at(-1);
  expect(ids(await boots.findBoots({ limit: 3, ...(last && { before: last }) }))).toBe('b6 b5 b4');
  expect(ids(await boots.findBoots({ machine: 'node-02', limit: 9 }))).toBe('b9 b7 b5 b3 b1');
});

it('finds those in one state, and those that began lately', async () => {
  const { boots } = await open();
  const refused = (id: string, at: number) => kept(id, at, { events: [STEP.refused] });
  await boots.saveBoots([kept('a', 1), refused('b', 2), kept('c', 3), refused('d', 4)]);
  const found = async (query: Omit<BootQuery, 'limit'>) =>
    (await boots.findBoots({ ...query, limit: 9 })).map(({ id }) => id).join(' ');
  expect(await found({ state: 'refused' })).toBe('d b');
  expect(await found({ since: 2 })).toBe('d c b');
  expect(await found({ since: 3, state: 'planned', machine: 'node-01' })).toBe('c');
});

it('finds ids by how they begin', async () => {
  const { boots } = await open();
  await boots.saveBoots(['ab12', 'ab34', 'ac56', 'b'].map((id) => kept(id, 1)));
  expect(await boots.findBootIds('ab', 9)).toEqual(['ab12', 'ab34']);
  expect(await boots.findBootIds('ab', 1)).toEqual(['ab12']);
  expect(await boots.findBootIds('ac56', 9)).toEqual(['ac56']);
  for (const prefix of ['AB', 'a%', '_', 'ab123']) expect(await boots.findBootIds(prefix, 9)).toEqual([]);
});

it("answers each machine's last boot of those that were heard of lately", async () => {
  const { boots } = await open();
  const all = [kept('a', 1), kept('b', 10), kept('c', 20), kept('d', 5, { machine: 'node-02' })];
  await boots.saveBoots(all);
  expect((await boots.lastBoots(5)).map(({ id }) => id).sort()).toEqual(['c', 'd']);
  expect(await boots.lastBoots(21)).toEqual([]);
});

it('forgets the old, and all but so many, with their steps', async () => {
  const { raw, boots } = await open();
  const early = (id: string, at: number, event: StepEvent) => kept(id, at, { events: [event] });
  await boots.saveBoots([
    kept('a', 1),
    kept('b', 10),
    kept('c', 11),
    kept('d', 12),
    early('v', 13, STEP.unanswered),
    early('w', 14, STEP.unanswered),
    early('x', 15, STEP.discover),
    early('y', 16, STEP.discover),
    early('r', 17, STEP.refused),
    early('s', 18, STEP.refused),
  ]);
  expect(await boots.pruneBoots({ since: 5, most: 5, mostDoubtful: 1 })).toBe(5);
  expect((await boots.findBoots({ limit: 9 })).map(({ id }) => id)).toEqual(['s', 'y', 'w', 'd', 'c']);
  expect((await raw.query('select distinct boot_id from boot_steps', [])).rows).toHaveLength(5);
});

it.each(['not JSON', 'null', '{}', '{"id":"a","state":"unheard of"}'])(
  'does not know a boot that reads %s',
  async (text) => {
    const { raw, boots } = await open();
    await boots.saveBoots([kept('a', 1), kept('b', 2)]);
    await raw.query("update boots set boot = ? where id = 'a'", [text]);
    expect([await boots.findBoot('a'), (await boots.findBoots({ limit: 9 })).length]).toEqual([undefined, 1]);
    await raw.query('update boot_steps set event = ?', [text]);
    expect((await boots.findBoot('b'))?.steps).toEqual([]);
  },
);
