import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { ChildProcess } from '../setup/process.js';
import { PROGRAM, startServer } from '../setup/server.js';

const MACHINES = ['52:54:00:00:00:01', '52:54:00:00:00:02'] as const;

async function site() {
  const folder = await temporaryFolder();
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const file = await writeConfiguration(folder, { assignments: ['{ name: all, match: {}, image: "oci:image:1" }'] });
  const start = async () => {
    const server = await startServer(file);
    onTestFinished(async () => void (await server.stop()));
    const script = async (mac: string) =>
      (await fetch(`http://${server.http}/boot/script?mac=${mac}&buildarch=x86_64`)).text();
    const fetched = async (url: string) => (await (await fetch(url)).arrayBuffer()).byteLength;
    const show = async (...args: readonly string[]) => {
      const { status, out, err } = await bootlayer(['boot', ...args, '--server', `http://${server.api}`, '--json']);
      expect([status, err]).toEqual([0, '']);
      return JSON.parse(out) as Told[] & Told;
    };
    return { server, script, fetched, show };
  };
  return { file, start };
}

type Told = { readonly id: string; readonly machine: string; readonly state: string } & {
  readonly steps: readonly { readonly event: string; readonly text: string }[];
};

function urlIn(script: string, command: string): string {
  return new RegExp(`^${command} (?:--\\S+ \\S+ )?(http\\S+)`, 'm').exec(script)?.[1] ?? '';
}

it('is a record of each boot, with its steps, which outlives a kill in the middle', async () => {
  const { start } = await site();
  const first = await start();
  const [one, other] = MACHINES;
  const script = await first.script(one);
  expect(await first.fetched(urlIn(script, 'kernel'))).toBeGreaterThan(1_000);
  // What is told by the API is in the store.
  const [before] = await first.show('ls');
  expect(before).toMatchObject({ machine: one, state: 'fetching' });
  first.server.process.kill('SIGKILL');
  await first.server.stop();

  const again = await start();
  await again.fetched(urlIn(await again.script(other), 'kernel'));
  const boots = await again.show('ls');
  expect(boots.map(({ machine }) => machine)).toEqual([other, one]);
  expect(boots[1]?.id).toBe(before?.id);
  const { steps } = await again.show('show', before?.id.slice(0, 8) ?? '');
  expect((await again.show('show', one)).id).toBe(before?.id);
  expect(await again.show('ls', '--state', 'fetching', '--since', '1h')).toHaveLength(2);
  expect(await again.show('ls', '--state', 'refused')).toEqual([]);
  expect(steps.map(({ event }) => event)).toEqual(['script.sent', 'artifact.started', 'artifact.sent']);
  expect(steps[0]?.text).toContain(`${one} gets the script`);
  // Its kernel was sent: who asks anew boots anew.
  await again.script(one);
  expect(await again.show('ls', '--machine', one)).toHaveLength(2);
});

it('is watched while it happens, by machine too, and a server that ends is waited for', async () => {
  const { start } = await site();
  const { server, script } = await start();
  const api = `http://${server.api}`;
  const watch = (...args: readonly string[]) => {
    const child = new ChildProcess(process.execPath, [PROGRAM, 'watch', ...args, '--server', api], { name: 'watch' });
    onTestFinished(async () => void (await child.stop()));
    return child;
  };
  const [, other] = MACHINES;
  const all = watch();
  const single = watch(other, '--json');
  const isHeard = all.waitForLine((line) => line.includes(`${other} gets the script`), 20);
  const isTold = single.waitForLine((line) => (line.includes('"machine"') ? line : undefined), 20);
  let isDone = false;
  const both = Promise.all([isHeard, isTold]).then(() => {
    isDone = true;
  });
  // Whoever comes late hears of the next.
  const asked = async () => {
    for (const machine of MACHINES) await script(machine);
    return isDone;
  };
  await expect.poll(asked, { timeout: 20_000, interval: 100 }).toBe(true);
  await both;
  expect(JSON.parse(String(await isTold))).toMatchObject({ event: 'script.sent', machine: other });
  const isWaiting = all.waitForLine((line) => line.includes('it is waited for'), 20);
  await server.stop();
  await isWaiting;
  all.kill('SIGINT');
  expect(await all.ended).toBe(0);
});

it('is told when there is no server, and when there is no such boot', async () => {
  const { file, start } = await site();
  const { server } = await start();
  const missing = await bootlayer(['boot', 'show', 'abc', '--server', `http://${server.api}`]);
  expect([missing.status, missing.err]).toEqual([
    1,
    'bootlayer: there is no boot abc; "bootlayer boot ls" lists them\n',
  ]);
  expect((await bootlayer(['boot', 'ls', '--server', `http://${server.api}`])).out).toBe('no boot is known\n');
  const metrics = await bootlayer(['boot', 'ls', '--server', `http://${server.api}/metrics?`]);
  expect([metrics.status, metrics.err]).toEqual([1, expect.stringContaining('no server of ours answers at')]);
  for (const wrong of [
    ['--server', 'nonsense'],
    ['--since', 'yesterday'],
    ['--state', 'lost'],
  ])
    expect((await bootlayer(['boot', 'ls', ...wrong])).status).toBe(2);
  const none = await bootlayer([
    'boot',
    'ls',
    '--state',
    'refused',
    '--machine',
    'a',
    '--server',
    `http://${server.api}`,
  ]);
  expect(none.out).toBe(
    'no boot of a is known that is refused; no such machine is known either: "bootlayer machine ls" lists those there are\n',
  );
  await server.stop();
  const nobody = await bootlayer(['boot', 'ls', '-c', file]);
  expect(nobody.status).toBe(1);
  expect(nobody.err).toMatch(/^bootlayer: no server of ours answers at http:\/\/127\.0\.0\.1:0; see that/);
});
