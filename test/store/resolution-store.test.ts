import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/sqlite-database.js';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { resolvedImage } from '../fixtures/plans.js';
import { rowsOf } from '../fixtures/states.js';

it('writes once what is to be started of an ISO, by which its row is found', async () => {
  const file = join(await temporaryFolder(), 'state.db');
  const database = await openDatabase(file, SQLITE_WORKER);
  const isoFiles = { kernel: '/live/vmlinuz', initramfs: ['/live/initrd.img'] };
  const wish = { os: 'linux', architecture: 'amd64', variant: 'metal', isoFiles } as const;
  const image = resolvedImage(['iso'], { isoFiles });
  await database.resolutions.saveResolution({ reference: image.reference, wish }, image, 1);
  await database.close();
  const raw = await WorkerDatabase.open(file, SQLITE_WORKER);
  onTestFinished(() => raw.close());
  const [row] = await rowsOf(raw, 'select iso_files, image from resolutions');
  expect(row?.iso_files).toBe('["/live/vmlinuz","/live/initrd.img"]');
  expect(JSON.parse(String(row?.image))).toEqual(resolvedImage(['iso']));
});
