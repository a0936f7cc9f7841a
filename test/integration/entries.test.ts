import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';
import { serve } from '../fixtures/serving.js';
import type { Server } from '../setup/server.js';

const [ONE, TWO] = ['52:54:00:00:00:01', '52:54:00:00:00:02'] as const;

async function site() {
  const file = join(await temporaryFolder(), 'bootlayer.yaml');
  const write = (machines: string) =>
    writeFile(
      file,
      [
        ...['advertise: 127.0.0.1', 'data: data', 'http: { listen: "127.0.0.1:0" }', 'tftp: { enabled: false }'],
        ...['api: { listen: "127.0.0.1:0" }', `machines: [${machines}]`],
        'assignments: [{ name: all, match: {}, image: "127.0.0.1:9/os:1" }]\n',
      ].join('\n'),
    );
  await write(`{ name: f1, mac: "${ONE}" }`);
  return { file, write };
}

const run = ({ api }: Server, ...args: readonly string[]) => bootlayer([...args, '--server', `http://${api}`]);

async function names(server: Server, kind = 'machine'): Promise<readonly string[]> {
  const { out } = await run(server, kind, 'ls', '--json');
  return (JSON.parse(out) as readonly { name: string }[]).map(({ name }) => name);
}

/** No registry is at hand, and who boots once is to be told where to report it. */
function warnedOf(line: string): RegExp {
  if (!line.includes(' assignment set ')) return /^$/;
  if (line.includes('--policy once')) return /boots once, /;
  return line.includes('--dry-run') ? /^$/ : /cannot be had/;
}

it('are written and read as the README says', async () => {
  const { file } = await site();
  const { server } = await serve(file);
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```sh\n# example: by the API\n([\s\S]*?)```/.exec(readme) ?? [];
  const outputs: string[] = [];
  for (const line of example.trim().split('\n')) {
    const { status, out, err } = await run(server, ...line.split(' ').slice(2));
    expect([line, status, err]).toEqual([line, 0, expect.stringMatching(warnedOf(line))]);
    outputs.push(out);
  }
  expect(outputs).toEqual([
    'machine node-07 created\n',
    expect.stringMatching(
      /\nnode-07 +127.0.0.1:9\/os:1 \(all, always\) +registry.lab:5000\/os\/debian:13 \(db, always\) +assignment, image\n$/,
    ),
    'assignment db created\n',
    expect.stringMatching(/\nnode-07 .* +registry.lab:5000\/os\/debian:13 \(db, once, 3 times within 1 h\) +policy\n$/),
    expect.stringMatching(/^NAME .*\nnode-07 +52:54:00:12:34:57 .*role=db +the API\n$/),
    '# the API\nname: db\nimage: registry.lab:5000/os/debian:13\nmatch:\n  labels:\n    role: db\n',
    'assignment db deleted\n',
  ]);
});

it('say that their machines boot their disk, where they are to', async () => {
  const { server } = await serve((await site()).file);
  const set = ['assignment', 'set', 'x', '--match-all', '--priority', '1', '--image', '127.0.0.1:9/os:1'];
  const rehearsed = await run(server, ...set, '--boot', 'local', '--dry-run');
  expect(rehearsed.out).toMatch(
    /^f1 .* its local disk \(x, boot: local, always\) +assignment, boot\nits machines boot their local disk \(boot: local\)\n$/m,
  );
  const { out } = await run(server, ...set, '--boot', 'local');
  expect(out).toBe('assignment x created: its machines boot their local disk (boot: local)\n');
});

it('outlive a kill, and come back as they are shown', async () => {
  const { file } = await site();
  const { server } = await serve(file);
  expect((await run(server, 'machine', 'set', 'a', '--mac', TWO)).status).toBe(0);
  server.process.kill('SIGKILL');
  await server.stop();
  const { server: again } = await serve(file);
  expect(await names(again)).toEqual(['a', 'f1']);
  const shown = join(file, '../a.yaml');
  await writeFile(shown, (await run(again, 'machine', 'show', 'a')).out);
  expect((await run(again, 'machine', 'set', 'b', '-f', shown)).err).toContain(
    'name: is "a", and the command names "b"',
  );
  expect((await run(again, 'machine', 'rm', 'a')).out).toBe('machine a deleted\n');
  expect((await run(again, 'machine', 'set', 'a', '-f', shown)).out).toBe('machine a created\n');
});

it('stand beside files: neither takes what the other has, and a server whose files have starts all the same', async () => {
  const { file, write } = await site();
  const { server, log } = await serve(file);
  await run(server, 'machine', 'set', 'a', '--mac', TWO);
  const taken = await run(server, 'machine', 'set', 'b', '--mac', ONE);
  expect([taken.status, taken.err]).toEqual([1, expect.stringContaining(`the machine f1 of ${file}:6`)]);
  expect((await run(server, 'machine', 'rm', 'f1')).err).toContain(`is written in ${file}:6`);
  await write(`{ name: f1, mac: "${ONE}" }, { name: f2, mac: "${TWO}" }`);
  const refused = () => log.find(({ event }) => event === 'mapping.refused');
  await expect
    .poll(refused)
    .toMatchObject({ reason: expect.stringContaining(`the machine a of the API: mac:`) as string });
  expect(await names(server)).toEqual(['a', 'f1']);
  await server.stop();

  const { server: again, log: later } = await serve(file);
  expect(later.filter(({ event }) => event === 'entry.disregarded')).toMatchObject([
    { kind: 'machine', name: 'a', level: 50 },
  ]);
  expect((await run(again, 'machine', 'ls', '--search', TWO)).out).toMatch(/\na .*the API, OUT OF FORCE\nf2 /);
  expect(await (await fetch(`http://${again.api}/metrics`)).text()).toContain(
    'bootlayer_mapping_entries{kind="disregarded"} 1',
  );
  await write(`{ name: f1, mac: "${ONE}" }`);
  await expect.poll(() => later.find(({ event }) => event === 'entry.changed')).toMatchObject({ change: 'revived' });
  expect((await run(again, 'machine', 'show', 'a')).out).toMatch(/^# the API\nname: a\n/);
});
