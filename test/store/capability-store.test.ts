import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

const CAPABILITY = { hash: 'ab', machine: 'node-01', boot: 'b', beganAt: 1, expiresAt: 10, keys: ['name node-01'] };

it('keeps capabilities until they are over', async () => {
  const database = await openDatabase(join(await temporaryFolder(), 'state.db'), SQLITE_WORKER);
  const { capabilities } = database;
  await capabilities.saveCapability(CAPABILITY);
  expect(await capabilities.findCapability('ab')).toEqual(CAPABILITY);
  expect(await capabilities.findCapability('cd')).toBeUndefined();
  expect(await capabilities.pruneCapabilities(10)).toBe(0);
  expect(await capabilities.pruneCapabilities(11)).toBe(1);
  expect(await capabilities.findCapability('ab')).toBeUndefined();
  await database.close();
});
