import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IPXE_BINARIES } from '../../src/ipxe/binaries.js';
import { IpxeBinaries } from '../../src/ipxe/disk-binaries.js';
import { temporaryFolder } from '../fixtures/folder.js';

async function folders() {
  const folder = await temporaryFolder();
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  for (const one of [first, second]) await mkdir(one);
  return { first, second, binaries: new IpxeBinaries([join(folder, 'none'), first, second]) };
}

async function read(binaries: IpxeBinaries, name: string): Promise<string | undefined> {
  const file = await binaries.open(name);
  if (file === undefined) return undefined;
  const target = Buffer.alloc(file.size);
  const count = await file.read(target, 0);
  await file.close();
  return target.subarray(0, count).toString();
}

describe('IpxeBinaries', () => {
  it('takes each file from the first folder that has it', async () => {
    const { first, second, binaries } = await folders();
    await writeFile(join(second, 'snponly.efi'), 'second');
    await writeFile(join(second, 'undionly.kpxe'), 'bios');
    expect(await read(binaries, 'snponly.efi')).toBe('second');
    await writeFile(join(first, 'snponly.efi'), 'first');
    expect([await read(binaries, 'snponly.efi'), await read(binaries, 'undionly.kpxe')]).toEqual(['first', 'bios']);
    expect((await binaries.missing()).map(({ file }) => file)).toEqual(['ipxe.efi', 'ipxe-arm64.efi']);
  });

  it('takes what has been renamed into its place, and goes on with the one that is open', async () => {
    const { first, binaries } = await folders();
    await writeFile(join(first, 'a.efi'), 'old');
    const open = await binaries.open('a.efi');
    await writeFile(join(first, 'a.part'), 'new one');
    await rename(join(first, 'a.part'), join(first, 'a.efi'));
    const target = Buffer.alloc(10);
    expect(target.subarray(0, await open?.read(target, 0)).toString()).toBe('old');
    const fresh = await binaries.open('a.efi');
    expect([await read(binaries, 'a.efi'), fresh?.version === open?.version]).toEqual(['new one', false]);
    await Promise.all([open?.close(), fresh?.close()]);
  });

  it('sends no mixture of what is written over', async () => {
    const { first, binaries } = await folders();
    await writeFile(join(first, 'a.efi'), 'old one');
    const open = await binaries.open('a.efi');
    const target = Buffer.alloc(3);
    expect([await open?.read(target, 0), target.toString()]).toEqual([3, 'old']);
    await writeFile(join(first, 'a.efi'), 'another');
    await utimes(join(first, 'a.efi'), 1, 1);
    await expect(open?.read(Buffer.alloc(4), 3)).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
    await open?.close();
  });

  it('has files only, and none outside', async () => {
    const { first, second, binaries } = await folders();
    await mkdir(join(first, 'folder'));
    await writeFile(join(first, 'folder', 'inner.efi'), 'x');
    await writeFile(join(first, '.hidden'), 'x');
    execFileSync('mkfifo', [join(first, 'pipe.efi')]);
    await symlink('/dev/zero', join(first, 'zero.efi'));
    await symlink('loop.efi', join(first, 'loop.efi'));
    await writeFile(join(second, 'empty.efi'), '');
    const names = ['folder', 'folder/inner.efi', '.hidden', '../first/.hidden', '..', '.', '', 'pipe.efi', 'zero.efi'];
    const more = ['loop.efi', '/etc/passwd', 'a\0b', 'a b', `${'x'.repeat(200)}.efi`, 'none.efi'];
    for (const name of [...names, ...more]) expect([name, await read(binaries, name)]).toEqual([name, undefined]);
    expect(await read(binaries, 'empty.efi')).toBe('');
  });
});

describe('the table', () => {
  it('has each architecture of a program that Debian has, and the same as ipxe/README.md', async () => {
    const readme = await readFile(new URL('../../ipxe/README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| (.+) \| `(\S+)` \| ([\d, ]+) \|$/gm)].map(([, firmware, file, codes]) => {
      return { file, firmware, architectures: codes?.split(', ').map(Number) };
    });
    expect(rows).toEqual(IPXE_BINARIES.map(({ uefi: _processor, ...row }) => row));
  });
});
