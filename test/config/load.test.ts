import { execFile } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findIncluded } from '../../src/config/disk-sources.js';
import { holdTheSame } from '../../src/config/fingerprint.js';
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

  it('takes a pattern that names nothing any more for a mishap', async () => {
    const cwd = await temporaryFolder();
    const main = join(cwd, 'bootlayer.yaml');
    const include = ['m/*.yaml'];
    expect(await findIncluded(main, include)).toEqual({ files: [], idle: include, problems: [] });
    const inForce = { include, included: [join(cwd, 'm/a.yaml')] };
    const message = '"m/*.yaml" names no file any more: bring them back, or take it out of include';
    expect((await findIncluded(main, include, inForce)).problems).toEqual([{ path: ['include', 0], message }]);
    // Other patterns are meant to name other files.
    expect((await findIncluded(main, ['m/*.yml'], inForce)).problems).toEqual([]);
  });

  it('goes on naming a file in whose place there is something else, and forgets one that is gone', async () => {
    const cwd = await temporaryFolder();
    const main = join(cwd, 'bootlayer.yaml');
    const include = ['m/**/*.yaml'];
    const at = (name: string) => join(cwd, 'm', name);
    for (const folder of ['r1', 'r2', 'r3']) await mkdir(at(folder), { recursive: true });
    for (const name of ['r1/a.yaml', 'r1/b.yaml', 'r2/c.yaml', 'r3/d.yaml']) await writeFile(at(name), '');
    const { files: included } = await findIncluded(main, include);
    expect(included).toHaveLength(4);
    await rm(at('r1/a.yaml'));
    await mkdir(at('r1/a.yaml'));
    await rm(at('r2'), { recursive: true });
    await writeFile(at('r2'), 'a file');
    await rm(at('r3'), { recursive: true });
    const { files, problems } = await findIncluded(main, include, { include, included });
    expect([files, problems]).toEqual([[at('r1/a.yaml'), at('r1/b.yaml'), at('r2/c.yaml')], []]);
  });

  it('does not include the configuration by another name', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'bootlayer.yaml'), '');
    await symlink('bootlayer.yaml', join(cwd, 'link.yaml'));
    for (const main of ['bootlayer.yaml', 'link.yaml']) {
      expect((await findIncluded(join(cwd, main), ['*.yaml'])).files).toEqual([]);
    }
  });

  it('takes a folder that cannot be read for a problem', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'm'), 'a file');
    const { problems } = await findIncluded(join(cwd, 'bootlayer.yaml'), ['m/*.yaml']);
    expect(problems).toEqual([{ path: ['include', 0], message: `cannot read the folder ${join(cwd, 'm')} (ENOTDIR)` }]);
  });
});

describe('readConfigFiles', () => {
  it('refuses a file that was emptied, and none that always was empty', async () => {
    const cwd = await withMappings({ 'a.yaml': mapping('a'), 'b.yaml': '# a placeholder\n', 'c.yaml': '' });
    const first = await readConfigFiles({ env: {}, cwd });
    expect(first.kind).toBe('loaded');
    for (const text of ['', ' \n', '---\n# managed by a tool\n']) {
      await writeFile(join(cwd, 'mappings.d/a.yaml'), text);
      expect(await readConfigFiles({ env: {}, cwd, inForce: first.read })).toMatchObject({
        kind: 'refused',
        error: { message: expect.stringContaining('a.yaml is empty now: delete it') as string },
      });
    }
    expect(await readConfigFiles({ env: {}, cwd })).toMatchObject({ kind: 'loaded' });
    await writeFile(join(cwd, 'mappings.d/a.yaml'), mapping('b'));
    await writeFile(join(cwd, 'mappings.d/b.yaml'), '# another placeholder\n');
    expect(await readConfigFiles({ env: {}, cwd, inForce: first.read })).toMatchObject({ kind: 'loaded' });
  });

  it('refuses what is not in UTF-8', async () => {
    const cwd = await withMappings({});
    await writeFile(join(cwd, 'mappings.d/a.yaml'), Buffer.from('machines: [{ name: n\xf6d }]', 'latin1'));
    expect(await readConfigFiles({ env: {}, cwd })).toMatchObject({
      error: { message: expect.stringContaining('a.yaml (it is not in UTF-8)') as string },
    });
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
    expect(holdTheSame(taken.read.fingerprints, refused.read.fingerprints)).toBe(false);
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
      message: 'the configuration could not be read within 0.05 s',
    });
    const ending = new AbortController();
    const given = expect(aside('for (;;) ;', { signal: ending.signal })).rejects.toThrow('given up');
    ending.abort();
    await given;
    await expect(aside('for (;;) ;', { signal: ending.signal })).rejects.toThrow('given up');
  });
});
