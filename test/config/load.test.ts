import { execFile } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findIncluded } from '../../src/config/disk-sources.js';
import { isSame } from '../../src/config/fingerprint.js';
import { loadConfig, readConfigFiles } from '../../src/config/load.js';
import { type Aside, readConfigFilesAside } from '../../src/config/load-process.js';
import { LOAD_THREAD } from '../fixtures/built.js';
import { temporaryFolder } from '../fixtures/folder.js';

const mapping = (name: string) => `machines: [{ name: ${name} }]`;

/** A folder with a configuration that includes `mappings.d/*.yaml`, and what is there. */
async function withMappings(files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await temporaryFolder();
  await mkdir(join(cwd, 'mappings.d'));
  await writeFile(join(cwd, 'bootlayer.yaml'), 'include: [mappings.d/*.yaml]\nmachines: [{ name: main }]\n');
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, 'mappings.d', name), text);
  return cwd;
}

describe('loadConfig', () => {
  it('finds the file beside where it is started', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'bootlayer.yaml'), 'data: state');
    expect((await loadConfig({ env: {}, cwd })).config).toMatchObject({
      file: join(cwd, 'bootlayer.yaml'),
      data: join(cwd, 'state'),
    });
  });

  it('refuses a file that is far too large, and a folder', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'large.yaml'), Buffer.alloc(17 * 1024 * 1024, '#'));
    await expect(loadConfig({ file: 'large.yaml', env: {}, cwd })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(loadConfig({ file: '.', env: {}, cwd })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('reads what is included in the order of the names, and nothing hidden', async () => {
    const cwd = await withMappings({ 'b.yaml': mapping('b'), 'a.yaml': mapping('a'), '.c.yaml': '-', 'd.txt': '-' });
    const { config } = await loadConfig({ env: {}, cwd });
    expect(config.machines.map(({ name }) => name)).toEqual(['main', 'a', 'b']);
  });

  it('reads what a ConfigMap shows, once', async () => {
    const cwd = await withMappings({});
    const folder = join(cwd, 'mappings.d');
    await mkdir(join(folder, '..2026_01'));
    await writeFile(join(folder, '..2026_01', 'a.yaml'), mapping('a'));
    await symlink('..2026_01', join(folder, '..data'));
    await symlink('..data/a.yaml', join(folder, 'a.yaml'));
    const { config, read } = await loadConfig({ env: {}, cwd });
    expect(read.included).toEqual([join(folder, 'a.yaml')]);
    expect(config.machines.map(({ name }) => name)).toEqual(['main', 'a']);
  });

  it('says which included file is not there, unless a pattern names it', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'bootlayer.yaml'), 'include: [none.yaml]');
    await expect(loadConfig({ env: {}, cwd })).rejects.toMatchObject({
      message: `${join(cwd, 'bootlayer.yaml')}:1:1: include: cannot read ${join(cwd, 'none.yaml')} (ENOENT)`,
    });
    await writeFile(join(cwd, 'bootlayer.yaml'), 'include: ["*.yml"]');
    const { read, warnings } = await loadConfig({ env: {}, cwd });
    expect([read.included, warnings.at(-1)]).toEqual([[], 'include "*.yml" names no file']);
  });

  it('does not include itself, nor anything twice', async () => {
    const cwd = await withMappings({ 'a.yaml': mapping('a') });
    const main = join(cwd, 'bootlayer.yaml');
    const patterns = ['*.yaml', 'mappings.d/a.yaml', 'mappings.d/*'];
    expect((await findIncluded(main, patterns)).files).toEqual([join(cwd, 'mappings.d/a.yaml')]);
  });
});

describe('findIncluded', () => {
  it('minds no wildcards in the name of the folder it starts from', async () => {
    const cwd = join(await temporaryFolder(), 'lab (1) [x] {y} *');
    await mkdir(join(cwd, 'm'), { recursive: true });
    await writeFile(join(cwd, 'm', 'a.yaml'), '');
    const { files, problems } = await findIncluded(join(cwd, 'bootlayer.yaml'), ['m/*.yaml']);
    expect([files, problems]).toEqual([[join(cwd, 'm/a.yaml')], []]);
  });

  it('takes a folder that is gone for a problem when it held files before', async () => {
    const cwd = await temporaryFolder();
    const [main, folder] = [join(cwd, 'bootlayer.yaml'), join(cwd, 'm')];
    expect(await findIncluded(main, ['m/*.yaml'])).toEqual({ files: [], idle: ['m/*.yaml'], problems: [] });
    const { problems } = await findIncluded(main, ['m/*.yaml'], [join(folder, 'a.yaml')]);
    expect(problems).toEqual([{ path: ['include', 0], message: `cannot read the folder ${folder} (ENOENT)` }]);
  });

  it('takes a folder further down that is no folder any more for a problem', async () => {
    const cwd = await temporaryFolder();
    const main = join(cwd, 'bootlayer.yaml');
    await mkdir(join(cwd, 'm/rack-1'), { recursive: true });
    await writeFile(join(cwd, 'm/rack-1/a.yaml'), '');
    const { files } = await findIncluded(main, ['m/**/*.yaml']);
    expect(files).toEqual([join(cwd, 'm/rack-1/a.yaml')]);
    await rename(join(cwd, 'm/rack-1'), join(cwd, 'm/rack-2'));
    // A rack may go, as long as what is left can be read.
    expect((await findIncluded(main, ['m/**/*.yaml'], files)).problems).toEqual([]);
    await writeFile(join(cwd, 'm/rack-1'), 'a file');
    expect((await findIncluded(main, ['m/**/*.yaml'], files)).problems).toEqual([
      { path: ['include', 0], message: `cannot read the folder ${join(cwd, 'm/rack-1')} (ENOTDIR)` },
    ]);
  });

  it('takes a folder that cannot be read for a problem', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'm'), 'a file');
    const { problems } = await findIncluded(join(cwd, 'bootlayer.yaml'), ['m/*.yaml']);
    expect(problems).toEqual([{ path: ['include', 0], message: `cannot read the folder ${join(cwd, 'm')} (ENOTDIR)` }]);
  });
});

describe('readConfigFiles', () => {
  it('takes a file that was emptied, of those included before, for one that is just being written', async () => {
    const cwd = await withMappings({ 'a.yaml': ' \n', 'b.yaml': '' });
    const before = [join(cwd, 'mappings.d/a.yaml')];
    expect(await readConfigFiles({ env: {}, cwd, before })).toMatchObject({
      kind: 'refused',
      error: { message: expect.stringContaining(`${before[0]} is empty now: delete it`) as string },
    });
    expect(await readConfigFiles({ env: {}, cwd })).toMatchObject({ kind: 'loaded' });
  });

  it('refuses a pipe in the place of a file', async () => {
    const cwd = await withMappings({});
    await promisify(execFile)('mkfifo', [join(cwd, 'mappings.d', 'a.yaml')]);
    await writeFile(join(cwd, 'bootlayer.yaml'), 'include: [mappings.d/a.yaml]');
    expect(await readConfigFiles({ env: {}, cwd })).toMatchObject({
      error: { message: expect.stringContaining('(it is no regular file)') as string },
    });
  });

  it('says what was read also when it is refused', async () => {
    const cwd = await withMappings({ 'a.yaml': 'machines: [{ name: 5 }]' });
    const refused = await readConfigFiles({ env: {}, cwd });
    expect(refused).toMatchObject({
      kind: 'refused',
      read: { include: ['mappings.d/*.yaml'], included: [join(cwd, 'mappings.d/a.yaml')] },
    });
    await writeFile(join(cwd, 'mappings.d/a.yaml'), mapping('a'));
    const taken = await readConfigFiles({ env: {}, cwd });
    expect(taken.kind).toBe('loaded');
    expect(isSame(taken.read.fingerprints, refused.read.fingerprints)).toBe(false);
  });
});

describe('readConfigFilesAside', () => {
  it('reads the same in another thread', async () => {
    const cwd = await withMappings({ 'a.yaml': 'assignments: [{ name: x, match: {}, image: lab:5000/os:1 }]' });
    const here = await readConfigFiles({ env: {}, cwd });
    const there = await readConfigFilesAside({ env: {}, cwd }, { thread: LOAD_THREAD });
    expect(there).toEqual(here);
    expect(there.kind === 'loaded' && Object.isFrozen(there.loaded.config.assignments[0])).toBe(true);
  });

  it('refuses the same', async () => {
    const cwd = await withMappings({ 'a.yaml': 'machines: [{ name: 5 }]' });
    const [here, there] = [
      await readConfigFiles({ env: {}, cwd }),
      await readConfigFilesAside({ env: {}, cwd }, { thread: LOAD_THREAD }),
    ];
    expect(here.kind === 'refused' && there.kind === 'refused' && there.error.message === here.error.message).toBe(
      true,
    );
    expect(there.read).toEqual(here.read);
    await rm(join(cwd, 'bootlayer.yaml'));
    await expect(readConfigFilesAside({ env: {}, cwd }, { thread: LOAD_THREAD })).rejects.toMatchObject({
      remedy: expect.stringContaining('-c FILE') as string,
    });
  });

  it('says so when the thread ends by itself, takes too long, or is given up', async () => {
    const aside = (text: string, bounds: Aside) =>
      readConfigFilesAside({ env: {}, cwd: '/' }, { ...bounds, thread: new URL(`data:text/javascript,${text}`) });
    await expect(aside('process.exit(3)', {})).rejects.toThrow('ended');
    await expect(aside('for (;;) ;', { maxMilliseconds: 50 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'it could not be read within 0.05 s',
    });
    const ending = new AbortController();
    const given = expect(aside('for (;;) ;', { signal: ending.signal })).rejects.toThrow('given up');
    ending.abort();
    await given;
    await expect(aside('for (;;) ;', { signal: ending.signal })).rejects.toThrow('given up');
  });
});
