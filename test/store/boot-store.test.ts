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
  expect((await boots.lastBoots(5, 9)).map(({ id }) => id).sort()).toEqual(['c', 'd']);
  expect(await boots.lastBoots(21, 9)).toEqual([]);
});

it('answers no more than so many of those, the newest, of each kind', async () => {
  const { boots } = await open();
  const events = { a: STEP.script, b: STEP.discover, c: STEP.script, d: STEP.refused, e: STEP.script };
  await boots.saveBoots(
    Object.entries(events).map(([id, event], at) => kept(id, 10 + at, { machine: id, events: [event] })),
  );
  expect((await boots.lastBoots(0, 1)).map(({ id }) => id)).toEqual(['e', 'd']);
  expect((await boots.lastBoots(0, 2)).map(({ id }) => id)).toEqual(['c', 'e', 'b', 'd']);
});

it('forgets strangers before it forgets machines that are known', async () => {
  const { boots } = await open();
  const stranger = (id: string, at: number): Kept => {
    const one = kept(id, at, { machine: id });
    return { ...one, boot: { ...one.boot, isStranger: true } };
  };
  await boots.saveBoots([kept('a', 1), stranger('s', 2), stranger('t', 3), stranger('u', 4), kept('b', 5)]);
  expect(await boots.pruneBoots({ since: 0, most: 4, mostDoubtful: 9, mostStrangers: 2 })).toBe(1);
  expect((await boots.findBoots({ limit: 9 })).map(({ id }) => id)).toEqual(['b', 'u', 't', 'a']);
});

it('lets others write while it forgets very many', async () => {
  const { boots } = await open();
  for (let at = 0; at < 4_000; at += 1_000)
    await boots.saveBoots(Array.from({ length: 1_000 }, (_, number) => kept(`b${at + number}`, at + number)));
  const done: string[] = [];
  const pruning = boots.pruneBoots({ since: 4_000, most: 9, mostDoubtful: 9, mostStrangers: 9 });
  await Promise.all([
    pruning.then(() => done.push('pruned')),
    boots.saveBoots([kept('new', 9_000)]).then(() => done.push('saved')),
  ]);
  expect([await pruning, done]).toEqual([4_000, ['saved', 'pruned']]);
  expect((await boots.findBoots({ limit: 9 })).map(({ id }) => id)).toEqual(['new']);
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
  expect(await boots.pruneBoots({ since: 5, most: 5, mostDoubtful: 1, mostStrangers: 9 })).toBe(5);
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

it.each([
  [true, {}],
  [false, { unmet: ['arguments'] }],
])('reads what older versions said of a UKI as what is said now: isPlain %s', async (isPlain, more) => {
  const { raw, boots } = await open();
  await boots.saveBoots([kept('a', 1, { events: [STEP.uki] })]);
  await raw.query('update boot_steps set event = ?', [JSON.stringify({ ...STEP.uki, isPlain })]);
  expect((await boots.findBoot('a'))?.steps).toEqual([{ at: 1, event: { ...STEP.uki, ...more } }]);
});
