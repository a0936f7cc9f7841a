import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { kernelIn, scriptFrom, serve } from '../fixtures/serving.js';
import { PROGRAM, type Server } from '../setup/server.js';

async function site() {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const config = await writeConfiguration(folder, { assignments: ['{ name: all, match: {}, image: "oci:image:1" }'] });
  const boots = async ({ api }: Server) => {
    const { out } = await bootlayer(['boot', 'ls', '--server', `http://${api}`, '--json']);
    return (JSON.parse(out) as { machine: string; state: string }[]).map(({ machine, state }) => `${machine} ${state}`);
  };
  /** The command asks the server that the configuration names. */
  const at = ({ api }: Server) => ({ env: { BOOTLAYER_API_LISTEN: api } });
  return { folder, data: join(folder, 'data'), config, boots, at };
}

const MACHINE = '52:54:00:00:00:01';

async function bootOne(server: Server, mac = MACHINE) {
  expect((await kernelIn(await scriptFrom(server, `mac=${mac}&buildarch=x86_64`))).length).toBeGreaterThan(1_000);
}

it('copies the state of a running server, which is restored as the state of another, also after a kill', async () => {
  const { folder, data, config, boots, at } = await site();
  const { server } = await serve(config);
  await bootOne(server);
  const copy = join(folder, 'backup.db');
  await writeFile(copy, 'the one of yesterday');
  expect(await bootlayer(['state', 'backup', copy, '-c', config], at(server))).toEqual({
    status: 0,
    out: expect.stringMatching(/^\d.* KiB in .*backup\.db\n$/) as string,
    err: expect.stringMatching(/^.*backup\.db: state [\d.]+ KiB\n$/) as string,
  });
  expect((await stat(copy)).mode & 0o777).toBe(0o600);
  await bootOne(server, '52:54:00:00:00:02');
  // Two machines at one address: whose kernel it is is not known.
  expect(await boots(server)).toEqual(['52:54:00:00:00:02 planned', `${MACHINE} fetching`]);
  expect((await readdir(folder)).filter((name) => name.includes('part'))).toEqual([]);
  expect((await readdir(data)).sort()).toEqual([
    'cache',
    'state.db',
    'state.db-shm',
    'state.db-wal',
    'state.db.lock',
    'witness-of-state.db',
  ]);
  server.process.kill('SIGKILL');
  await server.stop();

  await copyFile(copy, join(data, 'state.db'));
  const { server: again } = await serve(config);
  expect(await boots(again)).toEqual([`${MACHINE} fetching`]);
  await bootOne(again);
  expect(await again.stop()).toBe(0);
});

it('copies a state that nobody serves, into a pipe too, and of a server that is named', async () => {
  const { folder, config, data, at } = await site();
  const none = await bootlayer(['state', 'backup', join(folder, 'copy'), '-c', config]);
  expect([none.status, none.err]).toEqual([1, expect.stringContaining('there is no state yet in')]);
  const { server } = await serve(config);
  await bootOne(server);
  const named = await bootlayer(['state', 'backup', 'named.db', '--server', `http://${server.api}`, '--json'], {
    cwd: folder,
  });
  expect(JSON.parse(named.out)).toEqual({
    file: join(folder, 'named.db'),
    size: (await stat(join(folder, 'named.db'))).size,
  });
  // It does not answer where it is looked for: the copy is made beside it.
  const beside = await bootlayer(['state', 'backup', join(folder, 'beside.db'), '-c', config]);
  expect(beside.status).toBe(0);
  await bootOne(server, '52:54:00:00:00:03');
  expect(await server.stop()).toBe(0);

  const child = spawn(process.execPath, [PROGRAM, 'state', 'backup', '-', '-c', config], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const piped = await buffer(child.stdout);
  await writeFile(join(folder, 'piped.db'), piped);
  for (const [name, count] of [
    ['named', 1],
    ['beside', 1],
    ['piped', 2],
  ] as const) {
    const raw = await WorkerDatabase.open(join(folder, `${name}.db`), SQLITE_WORKER);
    onTestFinished(() => raw.close());
    expect((await raw.query('select count(*) as boots from boots', [])).rows).toEqual([{ boots: count }]);
  }
  expect((await readdir(data)).filter((name) => name.includes('.copy'))).toEqual([]);
  const itself = await bootlayer(['state', 'backup', join(data, 'state.db'), '-c', config], at(server));
  expect([itself.status, itself.err]).toEqual([2, expect.stringContaining('is the state itself; name another file')]);
});

it('replaces nothing with a copy that is not whole, or where it may not write', async () => {
  const { folder } = await site();
  const file = join(folder, 'backup.db');
  await writeFile(file, 'the one of yesterday');
  const broken = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.sqlite3', 'content-length': '1000000' });
    response.write(Buffer.alloc(500_000), () => response.destroy());
  });
  onTestFinished(() => void broken.close());
  await once(broken.listen(0, '127.0.0.1'), 'listening');
  const api = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
  const cut = await bootlayer(['state', 'backup', file, '--server', api]);
  expect([cut.status, cut.err]).toEqual([1, expect.stringMatching(/the copy broke off after \d+ of 1000000 bytes/)]);
  expect((await stat(file)).size).toBe('the one of yesterday'.length);

  const { server } = await serve(join(folder, 'bootlayer.yaml'));
  await mkdir(join(folder, 'folder'));
  for (const target of ['folder', 'missing/backup.db', '/proc/backup.db']) {
    const refused = await bootlayer(['state', 'backup', target, '--server', `http://${server.api}`], { cwd: folder });
    expect([refused.status, refused.err]).toEqual([2, expect.stringMatching(/cannot be written \(E[A-Z]+\); name/)]);
  }
  expect((await readdir(folder)).filter((name) => name.includes('part'))).toEqual([]);
  const nobody = await bootlayer(['state', 'backup', file, '--server', 'http://127.0.0.1:1']);
  expect([nobody.status, nobody.err]).toEqual([1, expect.stringContaining('no server of ours answers')]);
  await rm(file);
});
