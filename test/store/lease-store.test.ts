import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { lease, leaseStoreContract } from '../contracts/lease-store.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

async function opened(file: string) {
  const database = await openDatabase(file, SQLITE_WORKER);
  onTestFinished(() => database.close());
  return database;
}

const newFile = async () => join(await temporaryFolder(), 'state.db');

leaseStoreContract(async () => (await opened(await newFile())).leases);

it('reads on after what somebody has damaged, and says whose address that was', async () => {
  const file = await newFile();
  const database = await openDatabase(file, SQLITE_WORKER);
  await database.leases.saveLeases(Array.from({ length: 9 }, (_, number) => lease(number)));
  await database.leases.saveLeaseClock({ boot: 'b', offset: 1, at: 2, ahead: 3 });
  await database.close();
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  const damages = [
    "update leases set lease = '{' where address = '10.0.0.0'",
    "update leases set lease = 'null' where address = '10.0.0.1'",
    "update leases set lease = json_set(lease, '$.address', '10.0.0.9') where address = '10.0.0.2'",
    "update leases set lease = json_set(lease, '$.state', 'new') where address = '10.0.0.3'",
    "update leases set lease = json_set(lease, '$.until', 'never') where address = '10.0.0.4'",
    "update leases set lease = json_remove(lease, '$.key') where address = '10.0.0.5'",
    "update leases set lease = json_set(lease, '$.client', null) where address = '10.0.0.6'",
    "update leases set address = 'nowhere' where address = '10.0.0.7'",
    "update meta set value = '{}' where key = 'lease_clock'",
  ];
  for (const damage of damages) await raw.query(damage, []);
  await raw.close();
  const { leases } = await opened(file);
  const damaged = Array.from({ length: 7 }, (_, number) => lease(number).address);
  expect(await leases.loadLeases()).toEqual({ leases: [lease(8)], damaged });
  expect(await leases.loadLeaseClock()).toBeUndefined();
});
