import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../src/store/migrations.js';
import { SqlPlanStore } from '../../src/store/plan-store.js';
import { SqlResolutionStore } from '../../src/store/resolution-store.js';
import type { Schema } from '../../src/store/schema.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { WriteBatches } from '../../src/store/write-batches.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootPlan, OPENED, openedPlan, resolvedImage } from '../fixtures/plans.js';

async function open(maxPlans?: number) {
  const file = join(await temporaryFolder(), 'state.db');
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  onTestFinished(() => raw.close());
  const asked: string[] = [];
  const query: WorkerDatabase['query'] = (sql, parameters) => {
    asked.push(sql);
    return raw.query(sql, parameters);
  };
  const database = new Kysely<Schema>({ dialect: workerDialect({ query }) });
  await migrate(database, file);
  const writes = new WriteBatches(database);
  return {
    raw,
    asked,
    plans: new SqlPlanStore(database, writes, maxPlans),
    resolutions: new SqlResolutionStore(database, writes),
  };
}

it.each([
  ['something else', 'not JSON'],
  ['nothing', 'null'],
  ['too little', '{}'],
  ['another plan', JSON.stringify(bootPlan('another'))],
])('does not know a plan whose row holds %s, and saving heals it', async (_, text) => {
  const { raw, plans } = await open();
  const plan = bootPlan();
  await plans.savePlan(plan, 1);
  await raw.query('update plans set plan = ?', [text]);
  expect(await plans.findPlan(plan.id)).toBeUndefined();
  await plans.savePlan(plan, 2);
  expect(await plans.findPlan(plan.id)).toEqual(plan);
});

/** Versions before UEFI HTTP Boot had no other kind, and named none. */
it('knows a plan that an older version wrote', async () => {
  const { raw, plans } = await open();
  const plan = bootPlan();
  const { kind, ...older } = plan;
  expect(kind).toBe('kernel');
  await plans.savePlan(plan, 1000);
  await raw.query('update plans set plan = ?', [JSON.stringify(older)]);
  expect(await plans.findPlan(plan.id)).toEqual(plan);
  expect((await plans.findPlannedArtifact(plan.kernel.descriptor.digest, 999))?.role).toBe('kernel');
  expect(await plans.plannedDigests(999)).toHaveLength(3);
});

it('finds parts in the next newest plan where the newest cannot be read', async () => {
  const { raw, plans } = await open();
  const newest = openedPlan('node-02');
  const { digest } = newest.kernel.descriptor;
  await plans.savePlan(openedPlan(), 1000);
  await plans.savePlan(newest, 2000);
  await raw.query('update plans set plan = ? where id = ?', ['not JSON', newest.id]);
  expect(await plans.findPlannedArtifact(digest, 999, OPENED.linux)).toMatchObject({ role: 'kernel' });
  expect(await plans.findPlannedArtifact(digest, 1999, OPENED.linux)).toBeUndefined();
});

/** Thousands may start all of the layer that somebody wants a slice of. */
it('looks in an index for plans that start parts of a layer, and goes through no others', async () => {
  const { raw, asked, plans } = await open();
  const { digest } = openedPlan().kernel.descriptor;
  await plans.findPlannedArtifact(digest, 0, OPENED.linux);
  const { rows } = await raw.query(`explain query plan ${asked.at(-1)}`, [digest, 0, 'kernel', 4]);
  const steps = (rows as readonly { readonly detail: string }[]).map(({ detail }) => detail);
  expect(steps[0]).toMatch(/^SEARCH plan_artifacts USING INDEX \S+ \(digest=\? AND role=\? AND issued_at>\?\)$/);
  expect(steps.filter((detail) => /SCAN|TEMP B-TREE/.test(detail))).toEqual([]);
});

/** They had one initramfs alone, and named no kind. */
it('finds the parts of a plan that an older version wrote', async () => {
  const { raw, plans } = await open();
  const plan = openedPlan('node-01', OPENED.initrds.slice(0, 1));
  const { kind, initramfs, ...older } = plan;
  expect([kind, initramfs.length]).toEqual(['kernel', 1]);
  await plans.savePlan(plan, 1000);
  await raw.query('update plans set plan = ?', [JSON.stringify({ ...older, initramfs: initramfs[0] })]);
  const { digest } = plan.kernel.descriptor;
  expect(await plans.findPlannedArtifact(digest, 999, OPENED.initrds[0])).toMatchObject({ slice: 'last' });
  expect(await plans.findPlannedArtifact(digest, 999)).toMatchObject({ role: 'uki' });
});

it.each(['not JSON', 'null', '{}'])('does not know a resolution that reads %s', async (text) => {
  const { raw, resolutions } = await open();
  const key = { reference: 'os/debian:12', wish: { os: 'linux', architecture: 'amd64', variant: 'metal' } } as const;
  await resolutions.saveResolution(key, resolvedImage(), 1);
  await raw.query('update resolutions set image = ?', [text]);
  expect(await resolutions.findResolution(key)).toBeUndefined();
});

it('lets the oldest go when there are too many', async () => {
  const { raw, plans } = await open(5);
  for (let number = 0; number < 8; number++) await plans.savePlan(bootPlan(`node-${number}`), 1000 + number);
  await plans.savePlan(bootPlan('node-3'), 2000);
  await plans.savePlan(bootPlan('node-8'), 1008);
  const { rows } = await raw.query('select machine from plans order by machine', []);
  expect(rows).toEqual(['node-3', 'node-5', 'node-6', 'node-7', 'node-8'].map((machine) => ({ machine })));
});

it('says that the disk is full, and goes on when there is room again', async () => {
  const { raw, plans } = await open();
  const [{ page_count: pages } = { page_count: 0 }] = (await raw.query('PRAGMA page_count', [])).rows as {
    page_count: number;
  }[];
  await raw.query(`PRAGMA max_page_count=${pages + 1}`, []);
  const large = { ...bootPlan(), kernelArgs: 'x'.repeat(100_000) };
  await expect(plans.savePlan(large, 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
  await raw.query('PRAGMA max_page_count=100000', []);
  await plans.savePlan(large, 1);
  expect(await plans.findPlan(large.id)).toEqual(large);
});
