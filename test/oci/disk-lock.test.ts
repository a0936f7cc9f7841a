import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withLockFile } from '../../src/oci/disk-lock.js';
import { temporaryFolder } from '../fixtures/folder.js';

it('lets one after the other work, and leaves nothing, however it went', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const inside = new Set<number>();
  const one = (number: number) =>
    withLockFile(path, async () => {
      inside.add(number);
      await new Promise((resolve) => setImmediate(resolve));
      const alone = inside.size === 1;
      inside.delete(number);
      if (number === 3) throw new Error('enough');
      return alone;
    }).catch((thrown: unknown) => thrown);
  expect(await Promise.all([1, 2, 3, 4].map(one))).toEqual([true, true, new Error('enough'), true]);
  expect(await readdir(folder)).toEqual([]);
});

it('takes over from one that was killed', async () => {
  const path = join(await temporaryFolder(), 'lock');
  await writeFile(path, '1\n');
  const long = new Date(Date.now() - 60_000);
  await utimes(path, long, long);
  expect(await withLockFile(path, async () => 'done')).toBe('done');
});

it('passes on what the file system says', async () => {
  const path = join(await temporaryFolder(), 'none', 'lock');
  await expect(withLockFile(path, async () => undefined)).rejects.toMatchObject({ code: 'ENOENT' });
});
