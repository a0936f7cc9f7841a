import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BootEvent } from '../src/boot/event.js';
import { loadConfig, readConfigFiles } from '../src/config/load.js';
import { MappingWatch } from '../src/config/mapping-watch.js';
import { Reloader } from '../src/reload.js';
import { temporaryFolder } from './fixtures/folder.js';

const machine = (name: string) => `machines: [{ name: ${name}, serial: ${name} }]`;
const MAIN = 'include: [m/**/*.yaml]\nassignments: [{ name: all, match: {}, image: "oci:x:1" }]\n';

/** A configuration that is watched and read anew, as the server does it, with what came of each time. */
async function watched(
  files: Readonly<Record<string, string>>,
  beforeLoad: (count: number) => unknown = () => undefined,
) {
  const cwd = await temporaryFolder();
  for (const [name, text] of Object.entries({ 'bootlayer.yaml': MAIN, ...files })) {
    await mkdir(join(cwd, name, '..'), { recursive: true });
    await writeFile(join(cwd, name), text);
  }
  const events: BootEvent[] = [];
  let loads = 0;
  const reloader = new Reloader({
    initial: await loadConfig({ env: {}, cwd }),
    load: async (inForce) => {
      loads += 1;
      await beforeLoad(loads);
      return readConfigFiles({ env: {}, cwd, ...(inForce !== undefined && { inForce }) });
    },
    apply: () => undefined,
    applied: () => undefined,
    warn: () => undefined,
    events: (event) => void events.push(event),
    clock: { ticks: () => 0 },
  });
  const watch = await MappingWatch.start({
    lastRead: () => reloader.lastRead,
    inForce: () => reloader.inForce,
    onChange: (atRest) => reloader.reloadAtRest(atRest),
    onBlind: (reason) => expect.fail(reason),
    quietMilliseconds: 10,
    pollMilliseconds: 100,
  });
  onTestFinished(() => {
    watch.close();
    reloader.close();
  });
  return {
    at: (name: string) => join(cwd, name),
    names: () => reloader.config.machines.map(({ name }) => name),
    told: () => events.map((event) => (event.event === 'mapping.refused' ? event.reason : event.event)),
    loads: () => loads,
    reloader,
  };
}

describe('a configuration that is watched', () => {
  it('is refused once for a bad state that lasts', async () => {
    const { at, told, loads, names } = await watched({ 'm/a.yaml': machine('a'), 'm/sub/b.yaml': machine('b') });
    await rename(at('m/sub'), at('gone'));
    await writeFile(at('m/sub'), 'a file');
    await expect.poll(told).toEqual([expect.stringContaining(`cannot read ${at('m/sub/b.yaml')} (ENOTDIR)`)]);
    const settled = loads();
    await pause(1_000);
    expect([told().length, loads() - settled, names()]).toEqual([1, 0, ['a', 'b']]);
    await rm(at('m/sub'));
    await rename(at('gone'), at('m/sub'));
    await writeFile(at('m/sub/b.yaml'), machine('c'));
    await expect.poll(names).toEqual(['a', 'c']);
  });

  it('is read anew when a folder gets another name, and then no more', async () => {
    const { at, names, told, loads, reloader } = await watched({ 'm/r1/a.yaml': machine('a') });
    await mkdir(at('m/deep'));
    await rename(at('m/r1'), at('m/deep/r1'));
    await expect.poll(() => reloader.inForce.included).toEqual([at('m/deep/r1/a.yaml')]);
    await reloader.reloadByHand();
    const settled = loads();
    await pause(1_000);
    expect([names(), told(), loads() - settled]).toEqual([['a'], ['mapping.reloaded', 'mapping.reloaded'], 0]);
  });

  it('loses nobody whose file is away while it is read', async () => {
    const away = { file: '', done: false };
    const { at, names, told } = await watched({ 'm/a.yaml': machine('a'), 'm/b.yaml': machine('b') }, async () => {
      if (away.done || away.file === '') return;
      away.done = true;
      await rename(away.file, `${away.file}~`);
      setTimeout(() => void rename(`${away.file}~`, away.file), 20);
    });
    away.file = at('m/a.yaml');
    await writeFile(at('m/b.yaml'), machine('c'));
    await expect.poll(names).toEqual(['a', 'c']);
    expect(told()).toEqual(['mapping.reloaded']);
  });

  it('is taken by hand with nothing in it, and stays so', async () => {
    const { at, names, told, reloader, loads } = await watched({ 'm/a.yaml': machine('a') });
    await rm(at('m'), { recursive: true });
    await expect.poll(told).toEqual([expect.stringContaining('names no file any more')]);
    await reloader.reloadByHand();
    const settled = loads();
    await pause(500);
    expect([names(), told().length, loads() - settled]).toEqual([[], 2, 0]);
  });

  it('is tried again when it could not be read for another reason than what it holds', async () => {
    const { at, names, told } = await watched({ 'm/a.yaml': machine('a') }, (count) => {
      if (count === 1) throw new Error('no thread to be had');
    });
    await writeFile(at('m/a.yaml'), machine('b'));
    await expect.poll(names).toEqual(['b']);
    expect(told()).toEqual(['no thread to be had', 'mapping.reloaded']);
  });
});

/** Time for what must not happen; the test holds however long it takes. */
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
