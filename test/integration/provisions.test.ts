import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { scriptFrom, serve } from '../fixtures/serving.js';
import type { LogLine, Server } from '../setup/server.js';

const ignition = (name: string) => `{"ignition":{"version":"3.4.0"},"name":"${name}"}`;

/** A configuration with sets, whose one assignment hands nothing out. */
async function site() {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const replace = async (name: string, write: (folder: string) => Promise<unknown>) => {
    const fresh = await temporaryFolder();
    await write(fresh);
    await rename(join(fresh, name), join(folder, name));
  };
  const configure = (provisions: string) =>
    replace('bootlayer.yaml', (fresh) =>
      writeConfiguration(fresh, {
        more: ['identity: { verify: false }', `provisions: ${provisions}`],
        assignments: ['{ name: all, match: {}, image: "oci:image:1" }'],
      }),
    );
  const say = (name: string, text: string) => replace(name, (fresh) => writeFile(join(fresh, name), text));
  for (const name of ['a.ign', 'b.ign']) await say(name, ignition(name));
  await configure('{ worker: { ignition: a.ign } }');
  return { file: join(folder, 'bootlayer.yaml'), configure, say };
}

const run = ({ api }: Server, ...args: readonly string[]) => bootlayer([...args, '--server', `http://${api}`]);
const SET = ['assignment', 'set', 'install', '--match-all', '--priority', '1', '--image', 'oci:image:1'] as const;

/** What a machine is led to by its script; undefined where that leads it nowhere. */
const urlIn = (script: string) => /ignition\.config\.url=(\S+)/.exec(script)?.[1];

async function handed(server: Server): Promise<string> {
  const url = urlIn(await scriptFrom(server)) ?? expect.unreachable('the script leads nowhere');
  return (await fetch(url)).text();
}

const reloads = (log: readonly LogLine[]) => log.filter(({ event }) => event?.startsWith('mapping.re'));
/** What became of the reload of that number, counted from 1. */
const reloaded = async (log: readonly LogLine[], count: number) => {
  await expect.poll(() => reloads(log).length).toBeGreaterThanOrEqual(count);
  return reloads(log)[count - 1];
};

it('are handed out where an assignment of the API takes one by its name, as they are now', async () => {
  const { file, configure, say } = await site();
  const { server, log } = await serve(file);
  expect(urlIn(await scriptFrom(server))).toBeUndefined();
  const unknown = await run(server, ...SET, '--provision', 'wroker');
  expect([unknown.status, unknown.err]).toEqual([
    2,
    expect.stringContaining('no provisions have the name "wroker": did you mean "worker"?'),
  ]);
  expect(await run(server, ...SET, '--provision', 'worker')).toMatchObject({ status: 0 });
  expect(await handed(server)).toBe(ignition('a.ign'));
  expect((await run(server, 'assignment', 'ls')).out).toMatch(/^install .* auto, provision worker .* the API$/m);

  await say('a.ign', ignition('changed'));
  expect(await reloaded(log, 1)).toMatchObject({ event: 'mapping.reloaded', names: 'documents ~a.ign' });
  expect(await handed(server)).toBe(ignition('changed'));
  await configure('{ worker: { ignition: b.ign } }');
  expect(await reloaded(log, 2)).toMatchObject({
    event: 'mapping.reloaded',
    names: 'documents +b.ign -a.ign, provisions',
  });
  expect(await handed(server)).toBe(ignition('b.ign'));

  const [method, headers] = ['PATCH', { 'content-type': 'application/merge-patch+json' }];
  const body = JSON.stringify({ provision: null });
  const url = `http://${server.api}/api/v1/assignments/install`;
  expect((await fetch(url, { method, headers, body })).status).toBe(200);
  expect(urlIn(await scriptFrom(server))).toBeUndefined();
});

it('are not taken from under an assignment of the API, and whose set is gone at a start boots nothing', async () => {
  const { file, configure } = await site();
  const { server, log } = await serve(file);
  expect(await run(server, ...SET, '--provision', 'worker')).toMatchObject({ status: 0 });
  await configure('{ other: { ignition: b.ign } }');
  const missing = 'provision: no provisions have the name "worker"';
  expect(await reloaded(log, 1)).toMatchObject({
    event: 'mapping.refused',
    reason: expect.stringContaining(`the assignment install of the API: ${missing}`) as string,
  });
  expect(await handed(server)).toBe(ignition('a.ign'));
  await server.stop();

  const { server: again, log: later } = await serve(file);
  expect(later.filter(({ event }) => event === 'entry.disregarded')).toMatchObject([{ name: 'install' }]);
  const script = await scriptFrom(again);
  expect(script).toContain('the assignment install of the API is out of force');
  expect(script).not.toMatch(/^kernel /m);
  expect((await run(again, 'assignment', 'show', 'install')).out).toContain(`# ${missing}`);
  await configure('{ worker: { ignition: b.ign } }');
  await reloaded(later, 1);
  expect(await handed(again)).toBe(ignition('b.ign'));
});
