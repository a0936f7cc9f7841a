// A server that saves a plan, says so, and waits to be killed. The built one: Node does not read TypeScript.
const built = new URL('../../dist/store/sqlite-database.js', import.meta.url).href;
const { openDatabase } = /** @type {typeof import('../../src/store/sqlite-database.js')} */ (await import(built));

const [file = '', plan = ''] = process.argv.slice(2);
const database = await openDatabase(file);
await database.plans.savePlan(/** @type {import('../../src/boot/plan.js').BootPlan} */ (JSON.parse(plan)), 1);
process.stdout.write('saved\n');
setTimeout(() => undefined, 60_000);
