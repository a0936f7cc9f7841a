import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openFile, readFileBounded } from '../src/disk-access.js';
import { temporaryFolder } from './fixtures/folder.js';
import { run } from './setup/command.js';

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

describe('a file', () => {
  it('is read whole, up to a limit', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, 'x'.repeat(200_000));
    expect((await readFileBounded(file, 200_000))?.length).toBe(200_000);
    expect(await readFileBounded(file, 199_999)).toBeUndefined();
  });

  it.each([
    ['a pipe', (path: string) => run('mkfifo', [path])],
    ['a device', (path: string) => symlink('/dev/zero', path)],
    ['a folder', (path: string) => mkdir(path)],
  ])('is not %s', async (_name, make) => {
    const path = join(await temporaryFolder(), 'odd');
    await make(path);
    await expect(openFile(path)).rejects.toMatchObject({ code: 'ENOTFILE' });
  });
});
