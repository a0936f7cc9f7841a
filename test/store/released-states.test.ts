import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KernelPlan } from '../../src/boot/plan.js';
import { type Digest, digestOf } from '../../src/oci/digest.js';
import { migrate } from '../../src/store/migrations.js';
import type { Schema } from '../../src/store/schema.js';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { workerDialect } from '../../src/store/sqlite-dialect.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootPlan, resolvedImage } from '../fixtures/plans.js';
import { DUMPED, dumpedBoot, dumpOf, loadDump, readDump, rowsOf } from '../fixtures/states.js';

/**
 * Every step of the migrations that was released, with the digest of the statements it consists of: a step that states out there
 * have been through never changes, and what changes the state is another step. A new one gets its line here, its data in `fill`, and
 * its dump in `test/fixtures/states` by `UPDATE_FIXTURES=1 npx vitest run --project unit test/store/released-states.test.ts`.
 */
const RELEASED: Readonly<Record<string, string>> = {
  '001-plans-and-resolutions': 'sha256:ba545471645f6b2d4d340736d01cad89c8cdc30a264336647daab039d968d82f',
  '002-boots': 'sha256:f76bf312cee1cce780410e94039a953dd3e0d6d91a761d72ee2c510b677c20db',
  '003-policies-and-entries': 'sha256:b7978998f4f2526e77fb25bc1d5c8f2b9f45031d709bd65b0043e3d7002e8363',
  '004-leases': 'sha256:4b6d475c52beedfaa3330074c0d8c244da6b577d4bb3c7cffca7a8befee37dcd',
  '005-plan-artifacts-by-role': 'sha256:ada014645d21796200675822326deef07fdcf92be08e1fcf08bb942bb318c409',
  '006-resolutions-by-iso-files': 'sha256:5fccef8466d60791393e00b14bdfc6ccfd5afc4fde25e42ea2401a89cce014f8',
};
const [NEWEST = ''] = Object.keys(RELEASED).slice(-1);
const KEY = {
  reference: 'registry.lab:5000/os/debian:12',
  wish: { os: 'linux', architecture: 'amd64', variant: 'metal' },
} as const;

const FILES = { kernel: '/live/vmlinuz', initramfs: ['/live/initrd.img'] };
const OF_ISO = { ...KEY, wish: { ...KEY.wish, isoFiles: FILES } };
const ofIso = () => resolvedImage(['iso'], { isoFiles: FILES });

/** The statements of each step, as they come to SQLite. */
async function statementsOfSteps(): Promise<Record<string, string>> {
  const file = join(await temporaryFolder(), 'state.db');
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  onTestFinished(() => raw.close());
  const steps: Record<string, string> = {};
  let step: string[] = [];
  const dialect = workerDialect({
    query: (sql, parameters) => {
      if (/^insert into "kysely_migration" /.test(sql)) {
        steps[String(parameters[0])] = step.join('\n');
        step = [];
      } else if (/^(create|alter|drop|insert|update|delete) /.test(sql) && !sql.includes('kysely_')) step.push(sql);
      return raw.query(sql, parameters);
    },
  });
  await migrate(new Kysely<Schema>({ dialect }), file);
  return steps;
}

async function fill(file: string): Promise<void> {
  const database = await openDatabase(file, SQLITE_WORKER);
  await database.plans.savePlan(bootPlan(), 1_000);
  await database.resolutions.saveResolution(KEY, resolvedImage(), 1_000);
  await database.resolutions.saveResolution(OF_ISO, ofIso(), 1_000);
  await database.boots.saveBoots([dumpedBoot()]);
  const { standings, capabilities, enrolments, entries, leases } = database;
  await standings.saveStanding(DUMPED.standing, []);
  // A capability is given once.
  if ((await capabilities.findCapability(DUMPED.capability.hash)) === undefined)
    await capabilities.saveCapability(DUMPED.capability);
  await enrolments.saveEnrolled(DUMPED.enrolled);
  await entries.changeEntries([{ change: 'put', ...DUMPED.entry }]);
  await leases.saveLeases([DUMPED.lease]);
  await leases.saveLeaseClock(DUMPED.leaseClock);
  await database.close();
}

it('never changes a step that was released, and has no other', async () => {
  const steps = await statementsOfSteps();
  const digests = Object.entries(steps).map(([name, statements]) => [name, digestOf(Buffer.from(statements))]);
  expect(Object.fromEntries(digests)).toEqual(RELEASED);
});

it.runIf(process.env.UPDATE_FIXTURES === '1')('dumps the newest', async () => {
  const file = join(await temporaryFolder(), 'state.db');
  await fill(file);
  await writeFile(new URL(`../fixtures/states/${NEWEST}.sql`, import.meta.url), await dumpOf(file));
});

/** As it is read now: what older versions wrote had one initramfs, and no room for arguments. */
function planIn(rows: readonly unknown[] = []): KernelPlan {
  const { argumentRoom: _room, ...newest } = bootPlan();
  const [row] = rows as readonly { readonly id: Digest; readonly plan: string }[];
  const { argumentRoom } = JSON.parse(row?.plan ?? '{}') as Partial<KernelPlan>;
  return { ...newest, id: row?.id ?? newest.id, ...(argumentRoom !== undefined && { argumentRoom }) };
}

describe.each(Object.keys(RELEASED))('a state of %s', (name) => {
  it('is brought to the newest with all that is in it', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    await loadDump(file, await readDump(name));
    const before = await tablesOf(file);
    expect(before.get('plans')).toHaveLength(1);
    const database = await openDatabase(file, SQLITE_WORKER);
    const { plans, resolutions, boots } = database;
    const planned = planIn(before.get('plans'));
    expect(await plans.findPlan(planned.id)).toEqual(planned);
    expect((await plans.findPlannedArtifact(bootPlan().kernel.descriptor.digest, 0))?.role).toBe('kernel');
    expect(await resolutions.findResolution(KEY)).toEqual(resolvedImage());
    const isKeyed = before.get('resolutions')?.every((row) => 'iso_files' in row);
    expect(await resolutions.findResolution(OF_ISO)).toEqual(isKeyed ? ofIso() : undefined);
    if (before.has('standings')) {
      const { doubtedSince, standings } = await database.standings.loadStandings();
      // It is here without its witness.
      expect([typeof doubtedSince, standings]).toEqual(['number', [DUMPED.standing]]);
      expect(await database.capabilities.findCapability(DUMPED.capability.hash)).toEqual(DUMPED.capability);
      expect(await database.enrolments.findEnrolled({ limit: 9 })).toEqual([DUMPED.enrolled]);
      expect(await database.entries.allEntries()).toEqual([DUMPED.entry]);
    }
    if (before.has('leases')) {
      expect(await database.leases.loadLeases()).toEqual({ leases: [DUMPED.lease], damaged: [] });
      expect(await database.leases.loadLeaseClock()).toEqual(DUMPED.leaseClock);
    }
    if (before.has('boots')) expect(await boots.findBoot(dumpedBoot().boot.id)).toMatchObject(dumpedBoot());
    await database.close();
    const after = await tablesOf(file);
    // What there is to know of the state itself may be more now.
    for (const [table, rows] of before) {
      if (table !== 'meta') expect(after.get(table), table).toHaveLength(rows.length);
      expect(after.get(table), table).toEqual(
        expect.arrayContaining(rows.map((row) => expect.objectContaining(row) as unknown)),
      );
    }
    // And it takes what is new.
    await fill(file);
  });

  it('is what its version left', async () => {
    const file = join(await temporaryFolder(), 'state.db');
    await loadDump(file, await readDump(name));
    const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
    onTestFinished(() => raw.close());
    expect((await rowsOf(raw, 'select name from kysely_migration order by name desc limit 1'))[0]).toEqual({ name });
  });
});

/** All rows of all tables but those of the migrations. */
async function tablesOf(file: string): Promise<ReadonlyMap<string, readonly Record<string, unknown>[]>> {
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  onTestFinished(() => raw.close());
  const tables = await rowsOf(raw, "select name from sqlite_master where type = 'table' and name not like 'kysely%'");
  const found = new Map<string, readonly Record<string, unknown>[]>();
  for (const { name } of tables)
    found.set(String(name), await rowsOf(raw, `select * from ${String(name)} order by 1, 2`));
  await raw.close();
  return found;
}
