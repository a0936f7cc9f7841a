import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { DUMPED, dumpedBoot } from '../fixtures/states.js';

it('counts what there is in a state', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  const empty = await database.sizes();
  expect(empty).toMatchObject({ boots: 0, standings: 0, enrolled: 0, capabilities: 0 });
  expect(empty.bytes).toBeGreaterThan(4_096);
  expect(empty.bytes % 512).toBe(0);
  await database.boots.saveBoots([dumpedBoot()]);
  await database.standings.saveStanding(DUMPED.standing, []);
  await database.enrolments.saveEnrolled(DUMPED.enrolled);
  await database.capabilities.saveCapability(DUMPED.capability);
  expect(await database.sizes()).toMatchObject({ boots: 1, standings: 1, enrolled: 1, capabilities: 1 });
  await database.close();
});
