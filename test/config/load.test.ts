import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findIncluded, loadConfig } from '../../src/config/load.js';
import { loadConfigAside } from '../../src/config/load-process.js';
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
    const { config } = await loadConfig({ env: {}, cwd });
    expect(config.included).toEqual([join(folder, 'a.yaml')]);
    expect(config.machines.map(({ name }) => name)).toEqual(['main', 'a']);
  });

  it('says which included file is not there, unless a pattern names it', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'bootlayer.yaml'), 'include: [none.yaml]');
    await expect(loadConfig({ env: {}, cwd })).rejects.toMatchObject({
      message: `cannot read the configuration ${join(cwd, 'none.yaml')} (ENOENT)`,
    });
    await writeFile(join(cwd, 'bootlayer.yaml'), 'include: ["*.yml"]');
    expect((await loadConfig({ env: {}, cwd })).config.included).toEqual([]);
  });

  it('does not include itself, nor anything twice', async () => {
    const cwd = await withMappings({ 'a.yaml': mapping('a') });
    const main = join(cwd, 'bootlayer.yaml');
    const patterns = ['*.yaml', 'mappings.d/a.yaml', 'mappings.d/*'];
    expect(await findIncluded(main, patterns)).toEqual([join(cwd, 'mappings.d/a.yaml')]);
  });
});

describe('loadConfigAside', () => {
  it('reads the same in another thread', async () => {
    const cwd = await withMappings({ 'a.yaml': 'assignments: [{ name: x, match: {}, image: lab:5000/os:1 }]' });
    const here = await loadConfig({ env: {}, cwd });
    const there = await loadConfigAside({ env: {}, cwd }, LOAD_THREAD);
    expect(there).toEqual(here);
    expect(Object.isFrozen(there.config.assignments[0])).toBe(true);
  });

  it('refuses the same', async () => {
    const cwd = await withMappings({ 'a.yaml': 'machines: [{ name: 5 }]' });
    const problem = await loadConfig({ env: {}, cwd }).catch((thrown: unknown) => thrown);
    await expect(loadConfigAside({ env: {}, cwd }, LOAD_THREAD)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: (problem as Error).message,
    });
    await rm(join(cwd, 'bootlayer.yaml'));
    await expect(loadConfigAside({ env: {}, cwd }, LOAD_THREAD)).rejects.toMatchObject({
      remedy: expect.stringContaining('-c FILE') as string,
    });
  });

  it('says so when the thread ends by itself', async () => {
    const cwd = await temporaryFolder();
    const script = join(cwd, 'thread.mjs');
    await writeFile(script, 'process.exit(3);');
    await expect(loadConfigAside({ env: {}, cwd }, new URL(`file://${script}`))).rejects.toThrow('ended');
  });
});
