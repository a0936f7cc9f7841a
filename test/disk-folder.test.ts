import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../src/disk-folder.js';
import { temporaryFolder } from './fixtures/folder.js';

describe('makeFolder', () => {
  it('makes a folder with those above it, however many make it at once', async () => {
    const folder = join(await temporaryFolder(), 'a/b/c');
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(folder)));
    expect((await stat(folder)).isDirectory()).toBe(true);
    await makeFolder(folder);
  });

  it('takes a link to a folder for one', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    await makeFolder(join(folder, 'link/a'));
    await makeFolder(join(folder, 'link'));
    expect((await stat(join(folder, 'real/a'))).isDirectory()).toBe(true);
  });

  it.each([
    ['a file', 'file'],
    ['something below a file', 'file/a/b'],
  ])('does not take %s for one', async (_name, path) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, path))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('ends where nothing can be made', async () => {
    await expect(makeFolder('/proc/bootlayer/a')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
