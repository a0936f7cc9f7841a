import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram } from '../setup/parts.js';
import { Segment } from '../setup/segment.js';
import { type LogLine, PROGRAM, startServer } from '../setup/server.js';

/** The server at 192.168.77.1, and hosts beside it, whose cards it sees: what a machine asks is asked from there. */

const MAC = '52:54:00:00:00:01';
const STRANGER = '52:54:00:00:00:99';

type Site = { readonly advertise: string; readonly boot: string; readonly more: readonly string[] };

async function site(
  context: TestContext,
  policy: string,
  { advertise = '192.168.77.1', boot = 'auto', more = [] }: Partial<Site> = {},
) {
  const folder = await temporaryFolder();
  for (const tag of ['1', 'rescue'])
    await buildTestImage(`oci:${join(folder, 'image')}:${tag}`, ['amd64'], [], { uki: true });
  const file = join(folder, 'bootlayer.yaml');
  const lines = [
    `advertise: "${advertise}"`,
    'data: data',
    'tftp: { enabled: false }',
    `machines: [{ name: node-01, mac: "${MAC}", arch: amd64, labels: { role: worker } }]`,
    'assignments:',
    `  - { name: workers, match: { labels: { role: worker } }, image: "oci:image:1", kernelArgs: { append: ["done={done.url}"] }, boot: ${boot}, policy: ${policy} }`,
    ...more,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const segment = await Segment.start();
  context.onTestFinished(() => segment.stop());
  const events: string[] = [];
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    const onLog = ({ event, msg }: LogLine) => events.push(`${event}: ${msg}`);
    const server = await startServer(file, { within: segment.network.within, onLog, env });
    context.onTestFinished(async () => void (await server.stop()));
    return server;
  };
  const bootlayer = async (...args: readonly string[]) => {
    const { status, out } = await segment.network.run([process.execPath, PROGRAM, ...args, '-c', file]);
    expect([args, status, out]).toEqual([args, 0, out]);
    return out;
  };
  const host = (mac: string, end: number) => machine(segment, mac, end);
  return { folder, segment, events, start, bootlayer, machine: host };
}

/** A host with that card. */
async function machine(segment: Segment, mac: string, end: number) {
  const host = await segment.addHost(`192.168.77.${end}/24`);
  await host.ip('link', 'set', 'eth0', 'down');
  await host.ip('link', 'set', 'eth0', 'address', mac);
  await host.ip('link', 'set', 'eth0', 'up');
  const script = (as = mac, more = '') => get(host, `/boot/script?mac=${as}&buildarch=x86_64&platform=pcbios${more}`);
  /** Kernel and initramfs, whole. */
  const fetchAll = async (text: string) => {
    for (const command of ['kernel', 'initrd --name initrd']) {
      const path = new RegExp(`^${command} http://192.168.77.1:8080(\\S+)`, 'm').exec(text)?.[1] ?? '';
      await get(host, path, '/dev/null');
    }
  };
  return { host, script, fetchAll };
}

const wget = (host: NetworkNamespace, args: readonly string[]) => host.run([busyboxProgram(), 'wget', '-q', ...args]);

async function get(host: NetworkNamespace, path: string, to = '-'): Promise<string> {
  const { status, out } = await wget(host, ['-O', to, `http://192.168.77.1:8080${path}`]);
  expect([path, status]).toEqual([path, 0]);
  return out;
}

const doneUrl = (script: string) => /done=(http\S+)/.exec(script)?.[1] ?? '';
const report = async (host: NetworkNamespace, url: string) =>
  (await wget(host, ['-O', '-', '--post-data', '', url])).status;

const BOOTS = 'Bootlayer: node-01 boots oci:';
const LOCAL = 'Bootlayer: node-01 boots its local disk';

it('installs once, whatever happens to the server then, and anew when an operator says so', async (context) => {
  const { start, bootlayer, machine } = await site(context, '{ mode: once }');
  const first = await start();
  const [node, other] = [await machine(MAC, 20), await machine(STRANGER, 21)];
  // Somebody else gets no image in its name, and no word.
  expect(await other.script(MAC)).toContain(`${LOCAL}: it is not shown to ask itself: the card at 192.168.77.21`);
  const installs = await node.script();
  expect(installs).toContain(BOOTS);
  await node.fetchAll(installs);
  expect(await report(other.host, `${doneUrl(installs)}x`)).toBe(1);
  expect(await report(node.host, doneUrl(installs))).toBe(0);
  first.process.kill('SIGKILL');
  await first.stop();

  const second = await start();
  expect(await node.script()).toContain(`${LOCAL}: it is done since`);
  // It says so at each start of its system.
  expect(await report(node.host, doneUrl(installs))).toBe(0);
  expect(await bootlayer('boot', 'show', 'node-01')).toContain('is done');
  expect(await bootlayer('machine', 'show', 'node-01')).toMatch(/# done at .* by its own word/);
  expect(await bootlayer('machine', 'reprovision', 'node-01')).toContain('to be installed anew at its next boot');
  expect(await node.script()).toContain(BOOTS);
  await second.stop();
});

it('starts a UKI once, and for the machine itself alone', async (context) => {
  const { start, machine } = await site(context, '{ mode: once, doneWhen: started }', { boot: 'uki' });
  const server = await start();
  const [node, other] = [await machine(MAC, 20), await machine(STRANGER, 21)];
  const uki = `/uefi/amd64/${MAC.replaceAll(':', '-')}/-/boot.efi`;
  const asks = async ({ host }: typeof node) =>
    (await wget(host, ['-O', '/dev/null', `http://192.168.77.1:8080${uki}`])).status;
  // Refused: firmware goes on in its boot order then.
  expect(await asks(other)).toBe(1);
  expect(await asks(node)).toBe(0);
  // It is done by its start, which is noticed when all was sent.
  await expect.poll(() => asks(node), { timeout: 5_000 }).toBe(1);
  expect(await node.script()).toContain(`${LOCAL}: it is done since`);
  await server.stop();
});

it('counts attempts, holds the machine then, and lets go of it', async (context) => {
  const { start, bootlayer, machine } = await site(context, '{ maxAttempts: 2, window: 1h }');
  const server = await start();
  const node = await machine(MAC, 20);
  await node.fetchAll(await node.script());
  server.process.kill('SIGKILL');
  await server.stop();
  const again = await start();
  await node.fetchAll(await node.script());
  expect(await node.script()).toContain(`${LOCAL}: it was booted 2 times within 1 h`);
  expect(await bootlayer('machine', 'release', 'node-01')).toContain('do not count');
  expect(await node.script()).toContain(BOOTS);
  await again.stop();
});

it('boots next what an operator chooses, once', async (context) => {
  const { start, bootlayer, machine } = await site(context, '{ mode: hold }');
  const server = await start();
  const node = await machine(MAC, 20);
  expect(await node.script()).toContain(`${LOCAL}: its assignment holds it`);
  expect(await bootlayer('machine', 'next', 'node-01', 'oci:image:rescue')).toContain(':rescue next');
  const rescue = await node.script();
  expect(rescue).toMatch(/node-01 boots oci:\S+:rescue /);
  // Its kernel breaks off, and it asks again: that is no boot yet.
  expect(await node.script()).toMatch(/:rescue /);
  await node.fetchAll(rescue);
  expect(await node.script()).toContain(LOCAL);
  await server.stop();
});

it('does not boot it again when the server was killed while it was sent, and says so', async (context) => {
  const { events, start, bootlayer, machine } = await site(context, '{ mode: hold }');
  const first = await start();
  const node = await machine(MAC, 20);
  await bootlayer('machine', 'next', 'node-01', 'oci:image:rescue');
  const rescue = await node.script();
  expect(rescue).toMatch(/:rescue /);
  const fetching = node.fetchAll(rescue).catch(() => undefined);
  first.process.kill('SIGKILL');
  await Promise.all([fetching, first.stop()]);
  const second = await start();
  expect(await node.script()).toContain(LOCAL);
  expect(events.join('\n')).toMatch(/next\.dropped: .*bootlayer machine next node-01 oci:\S+:rescue/);
  await bootlayer('machine', 'next', 'node-01', 'oci:image:rescue');
  // Nobody has it yet when a server ends in peace.
  await second.stop();
  const third = await start();
  expect(await node.script()).toMatch(/:rescue /);
  await third.stop();
});

it('installs nobody while its clock is not set, and goes on by itself when it is', async (context) => {
  const { folder, events, start, machine } = await site(context, '{ mode: once }');
  // In 1970, until there is this file.
  const isSet = join(folder, 'set');
  const clock = `import{existsSync}from'node:fs';const{now}=Date;Date.now=()=>existsSync('${isSet}')?now():30000`;
  const server = await start({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` });
  expect(events.filter((line) => line.includes('the clock of this server is not set'))).toHaveLength(1);
  const node = await machine(MAC, 20);
  expect(await node.script()).toContain('waits (1 of 60): the clock of this server is not set: it says 1970-01-01');
  await writeFile(isSet, '');
  expect(await node.script()).toContain(BOOTS);
  await server.stop();
});

it('knows a machine without a record by its other card, and installs it anew by a wish of its own', async (context) => {
  const strangers = [
    '  - { name: all, match: {}, image: "oci:image:1", kernelArgs: { append: ["done={done.url}"] }, policy: { mode: once } }',
  ];
  const { start, bootlayer, machine } = await site(context, '{ mode: once }', { more: strangers });
  const first = await start();
  const uuid = '&uuid=4c4c4544-0042-3010-8057-b7c04f4d3732';
  const [one, other] = [await machine('52:54:00:00:00:71', 40), await machine('52:54:00:00:00:72', 41)];
  const installs = await one.script('52:54:00:00:00:71', uuid);
  expect(installs).toContain('52:54:00:00:00:71 boots oci:');
  expect(await report(one.host, doneUrl(installs))).toBe(0);
  first.process.kill('SIGKILL');
  await first.stop();
  const second = await start();
  const asks = () => other.script('52:54:00:00:00:72', uuid);
  expect(await asks()).toMatch(/52:54:00:00:00:72 boots its local disk: it is done since .*, as 52:54:00:00:00:71/);
  expect(await other.script()).toContain('52:54:00:00:00:72 boots oci:');
  await bootlayer('machine', 'reprovision', '52:54:00:00:00:72');
  const again = await asks();
  expect(again).toContain('52:54:00:00:00:72 boots oci:');
  expect(await report(other.host, doneUrl(again))).toBe(0);
  expect(await bootlayer('machine', 'standing', '52:54:00:00:00:72')).toMatch(/done at \S+ by its own word$/m);
  expect(await bootlayer('machine', 'standing', '52:54:00:00:00:72', '--forget')).toContain('is forgotten');
  expect(await bootlayer('machine', 'standing', '52:54:00:00:00:72')).toContain('not known to be done');
  await second.stop();
});

it('never installs by a state that was restored, until an operator takes it for whole', async (context) => {
  const { folder, start, bootlayer, machine } = await site(context, '{ mode: once }');
  const server = await start();
  const node = await machine(MAC, 20);
  const copy = join(folder, 'copy.db');
  await bootlayer('state', 'backup', copy);
  const installs = await node.script();
  await node.fetchAll(installs);
  expect(await report(node.host, doneUrl(installs))).toBe(0);
  await server.stop();
  await copyFile(copy, join(folder, 'data/state.db'));

  const restored = await start();
  expect(await node.script()).toContain('waits (1 of 60): whether it is done is not known');
  expect(await bootlayer('state', 'accept')).toContain('taken for whole');
  expect(await node.script()).toContain(BOOTS);
  await restored.stop();
});

it('keeps who is not known waiting, and boots it when it is assigned', async (context) => {
  const { start, bootlayer, machine } = await site(context, '{ mode: always }', { more: ['unknown: enrol'] });
  const server = await start();
  const stranger = await machine(STRANGER, 30);
  expect(await stranger.script()).toContain(`${STRANGER} waits (1 of 360): no assignment matches this machine`);
  expect(await bootlayer('machine', 'enrolled')).toContain(STRANGER);
  await bootlayer('machine', 'set', 'node-99', '--mac', STRANGER, '--label', 'role=worker');
  expect(await stranger.script()).toContain('node-99 boots oci:');
  expect(await bootlayer('machine', 'enrolled')).toContain('no machine waits');
  await server.stop();
});

/** A program, since busybox's wget knows no zones. */
const GET_IP6 = `
const [, host, path] = process.argv;
const failed = ({ message }) => { console.error(message); process.exit(1); };
require('node:http').get({ host, port: 8080, path }, (answer) => answer.pipe(process.stdout)).on('error', failed);
`;

it('shows who asks over IPv6, from a global address and from one of the link', async (context) => {
  const { segment, start, machine } = await site(context, '{ mode: once }', {
    advertise: 'fd77::1',
    more: ['http: { listen: "[::]:8080" }'],
  });
  await segment.network.ip('-6', 'address', 'add', 'fd77::1/64', 'dev', 'br0');
  await segment.network.ip('-6', 'address', 'add', 'fe80::77/64', 'dev', 'br0');
  const server = await start();
  const [node, other] = [await machine(MAC, 20), await machine(STRANGER, 21)];
  await node.host.ip('-6', 'address', 'add', 'fd77::20/64', 'dev', 'eth0');
  await other.host.ip('-6', 'address', 'add', 'fd77::21/64', 'dev', 'eth0');
  const asks = async (host: NetworkNamespace, at: string) => {
    const path = `/boot/script?mac=${MAC}&buildarch=x86_64&platform=pcbios`;
    const get = async () => {
      const { status, out } = await host.run([process.execPath, '-e', GET_IP6, at, path]);
      script = out;
      return status;
    };
    let script = '';
    // Until nobody else is known to have it (RFC 4862, 5.4), an address is not for use.
    await expect.poll(get).toBe(0);
    return script;
  };
  expect(await asks(node.host, 'fd77::1')).toContain(BOOTS);
  expect(await asks(node.host, 'fe80::77%eth0')).toContain(BOOTS);
  expect(await asks(other.host, 'fd77::1')).toContain(
    `${LOCAL}: it is not shown to ask itself: the card at fd77::21 is ${STRANGER}`,
  );
  expect(await asks(other.host, 'fe80::77%eth0')).toMatch(/the card at fe80::\S+%br0 is 52:54:00:00:00:99/);
  await server.stop();
});
