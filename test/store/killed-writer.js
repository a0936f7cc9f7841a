/**
 * Opens a state, writes something of every kind, says what is acknowledged, and is killed as it sends its so manieth statement to
 * SQLite, which may or may not get to it: `node killed-writer.js JSON`. It ends with 0 where there are not so many. The built
 * one: Node does not read TypeScript.
 * @typedef {{ file: string, statement: number, plan: import('../../src/boot/plan.js').BootPlan,
 *   boot: import('../../src/boot/ports.js').BootWithSteps, image: import('../../src/image/image.js').ResolvedImage }} Job
 */
import { Kysely } from 'kysely';

/** @param {string} name */
const built = (name) => import(new URL(`../../dist/store/${name}.js`, import.meta.url).href);
/** @typedef {typeof import('../../src/store/worker-database.js')} WorkerModule */
const { WorkerDatabase } = /** @type {WorkerModule} */ (await built('worker-database'));
const { workerDialect } = /** @type {typeof import('../../src/store/sqlite-dialect.js')} */ (
  await built('sqlite-dialect')
);
const { migrate } = /** @type {typeof import('../../src/store/migrations.js')} */ (await built('migrations'));
const { WriteBatches } = /** @type {typeof import('../../src/store/write-batches.js')} */ (
  await built('write-batches')
);
const { SqlPlanStore } = /** @type {typeof import('../../src/store/plan-store.js')} */ (await built('plan-store'));
const { SqlBootStore } = /** @type {typeof import('../../src/store/boot-store.js')} */ (await built('boot-store'));
const { SqlResolutionStore } = /** @type {typeof import('../../src/store/resolution-store.js')} */ (
  await built('resolution-store')
);

const { file, statement, plan, boot, image } = /** @type {Job} */ (JSON.parse(process.argv[2] ?? ''));
const raw = await WorkerDatabase.open(file);
let sent = 0;
const dialect = workerDialect({
  query: (sql, parameters) => {
    sent += 1;
    const asked = raw.query(sql, parameters);
    if (sent === statement) process.kill(process.pid, 'SIGKILL');
    return asked;
  },
});
/** @type {Kysely<import('../../src/store/schema.js').Schema>} */
const database = new Kysely({ dialect });
await migrate(database, file);
process.stdout.write('migrated\n');
const writes = new WriteBatches(database);
const [plans, boots] = [new SqlPlanStore(database, writes), new SqlBootStore(database, writes)];
const resolutions = new SqlResolutionStore(database, writes);
const [first, rest] = [boot.steps.slice(0, 2), boot.steps.slice(2)];
const wish = /** @type {const} */ ({ os: 'linux', architecture: 'amd64', variant: 'metal' });

/** What is written one after the other, each line of which may come in one batch with others. @type {Record<string, () => Promise<unknown>>} */
const WRITES = {
  begun: () => boots.saveBoots([{ boot: { ...boot.boot, steps: first.length }, steps: first }]),
  plan: () => plans.savePlan(plan, 1_000),
  batch: () =>
    Promise.all([
      plans.savePlan(plan, 2_000),
      boots.saveBoots(
        [boot, { ...boot, boot: { ...boot.boot, id: 'another' } }].map(({ boot: next }) => ({
          boot: next,
          steps: next.id === 'another' ? boot.steps : rest,
        })),
      ),
      resolutions.saveResolution({ reference: image.reference, wish }, image, 2_000),
    ]),
  pruned: () => boots.pruneBoots({ since: 0, most: 1, mostDoubtful: 1, mostStrangers: 1 }),
  forgotten: () => plans.prunePlans(3_000),
};
for (const [name, write] of Object.entries(WRITES)) {
  await write();
  process.stdout.write(`${name}\n`);
}
await raw.close();
