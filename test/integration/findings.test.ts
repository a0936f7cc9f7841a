import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startFakeRegistry } from '../fakes/registry.js';
import { blobOf } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { getFrom, loopbackOf } from '../fixtures/from-address.js';
import { bootlayer } from '../fixtures/program.js';
import { startedRegistry } from '../fixtures/registries.js';
import { kernelIn, kernelUrl, scriptFrom, serve } from '../fixtures/serving.js';
import { shiftedClock } from '../fixtures/shifted-clock.js';
import { freePort } from '../setup/free-port.js';

/** What stops boots is brought about for real, but for the one registry that lies: no real one does on demand. */
const HTPASSWD = 'boot:$2y$05$EiSmB9k3QR08kJg80e5w9uKyLwKxKkEz18OXwiNOTAzEtnK9.AEtK\n';
/** More than sockets hold of it when who asked is gone. */
const KERNEL = blobOf(30_000_000, 1);
const INITRAMFS = blobOf(10_000, 2);
const OTHER = blobOf(20_000, 3);

/** Each is assigned an image by its name. */
const MACHINES = [
  ...(['sound', 'missing', 'denied', 'unreachable', 'arm', 'lying', 'gone', 'cut', 'resumed'] as const),
  ...(['once', 'unwritten', 'held', 'twin', 'unassigned', 'unreported', 'unfit'] as const),
  // Those that show by time alone.
  ...(['slow', 'unfetched', 'unread', 'untold'] as const),
] as const;
type Name = (typeof MACHINES)[number];

/** Of the machine that it is for, what else its assignment says. */
const MORE: Partial<Record<Name, string>> = {
  held: 'policy: { maxAttempts: 1, window: 1h }',
  once: 'provision: { kickstart: b.ks, once: true }',
  unwritten: 'provision: { kickstart: { template: a.ks } }',
  unfit: 'boot: uki',
  unread: 'provision: { kickstart: b.ks }',
  untold: 'policy: { mode: once }',
};
/** The longest time by which something shows, and how long boots are looked at (see BootFindings). */
const AHEAD_MILLISECONDS = 3_601_000;

async function site() {
  const folder = await temporaryFolder();
  const [registry, guarded, liar] = [
    await startedRegistry(),
    await startedRegistry({ htpasswd: HTPASSWD }),
    await startFakeRegistry(),
  ];
  liar.addImage('os', { kernel: OTHER.bytes, initramfs: INITRAMFS.bytes });
  liar.blobs.set(OTHER.descriptor.digest, Buffer.alloc(OTHER.bytes.length));
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const closed = `127.0.0.1:${await freePort()}`;
  const [kernel, initramfs] = [join(folder, 'kernel'), join(folder, 'initramfs')];
  const files = {
    kernel: KERNEL.bytes,
    initramfs: INITRAMFS.bytes,
    'a.ks': '{{ machine.labels.rack }}\n',
    'b.ks': 'reboot\n',
  };
  for (const [name, contents] of Object.entries(files)) await writeFile(join(folder, name), contents);
  const built = ['image', 'build', '--platform', 'linux/amd64', '--kernel', kernel, '--initramfs', initramfs];
  expect(await bootlayer([...built, `oci:${join(folder, 'image')}:1`])).toMatchObject({ status: 0 });
  const images: Partial<Record<Name, string>> = {
    missing: `${registry.host}/none:1`,
    denied: `${guarded.host}/os:1`,
    unreachable: `${closed}/os:1`,
    lying: `${liar.host}/os:1`,
    slow: `127.0.0.1:${(silent.address() as AddressInfo).port}/os:1`,
  };
  const unassigned: readonly Name[] = ['unassigned', 'unreported'];
  const config = await writeConfiguration(folder, {
    plainHttp: [registry.host, guarded.host, liar.host, closed],
    more: [
      'identity: { verify: false }',
      'machines:',
      ...MACHINES.map((name) => `  - { name: ${name}, mac: "${macOf(name)}", serial: ${name} }`),
    ],
    assignments: [
      '{ name: tagged, match: { asset: "77" }, image: "oci:image:1" }',
      ...MACHINES.filter((name) => !unassigned.includes(name)).map((name) => {
        const more = MORE[name] === undefined ? '' : `, ${MORE[name]}`;
        return `{ name: ${name}, match: { machine: ${name} }, image: "${images[name] ?? 'oci:image:1'}"${more} }`;
      }),
    ],
  });
  const clock = await shiftedClock(folder);
  return { ...(await serve(config, { env: clock.env })), clock };
}

type Told = { readonly findings: readonly { readonly finding: string; readonly evidence: string }[] };

it('says of each boot that does not go on why', async () => {
  const { server, log, clock } = await site();
  /** As a machine of an address of its own. */
  const get = (name: Name, url: string, most?: number) =>
    getFrom(url, { localAddress: loopbackOf(1_000 + MACHINES.indexOf(name)), ...(most !== undefined && { most }) });
  const script = async (name: Name, { query = '', architecture = 'x86_64' } = {}) => {
    const asked = `mac=${macOf(name)}&buildarch=${architecture}${query}`;
    return (await get(name, `http://${server.http}/boot/script?${asked}`)).toString();
  };
  const api = async (path: string) => {
    const answer = await fetch(`http://${server.api}/api/v1/${path}`);
    expect(answer.status, path).toBe(200);
    return answer.json();
  };
  const findings = async (name: Name) => {
    const { boots } = (await api(`boots?machine=${name}&limit=1`)) as {
      readonly boots: readonly { readonly id: string }[];
    };
    return ((await api(`boots/${boots[0]?.id}`)) as Told).findings;
  };
  /** Fetches all that iPXE does. */
  const start = async (name: Name) => {
    const told = await script(name);
    for (const url of [kernelUrl(told), /^initrd .*?(http\S+)/m.exec(told)?.[1] ?? '']) await get(name, url);
  };
  const provoke: Readonly<Record<Name, () => Promise<unknown>>> = {
    sound: async () => get('sound', kernelUrl(await script('sound'))),
    missing: () => script('missing'),
    denied: () => script('denied'),
    unreachable: () => script('unreachable'),
    arm: () => script('arm', { architecture: 'arm64' }),
    // The connection is cut where the digest does not match.
    lying: async () => get('lying', kernelUrl(await script('lying'))).catch(() => undefined),
    gone: async () => {
      await script('gone');
      return get('gone', `http://${server.http}/blobs/sha256/${'0'.repeat(64)}/vmlinuz`);
    },
    cut: async () => get('cut', kernelUrl(await script('cut')), 1_000),
    resumed: async () => {
      const kernel = kernelUrl(await script('resumed'));
      await get('resumed', kernel, 1_000);
      return get('resumed', kernel);
    },
    once: async () => {
      const url = /inst\.ks=(\S+)/.exec(await script('once'))?.[1] ?? '';
      expect((await get('once', url)).toString()).toBe('reboot\n');
      return get('once', url);
    },
    unwritten: () => script('unwritten'),
    held: async () => {
      await get('held', kernelUrl(await script('held')));
      return script('held');
    },
    twin: async () => get('twin', kernelUrl(await script('twin', { query: '&serial=sound&memory=1' }))),
    unassigned: () => script('unassigned', { query: '&asset=78' }),
    unreported: () => script('unreported'),
    unfit: () => script('unfit'),
    slow: () => script('slow'),
    unfetched: () => script('unfetched'),
    unread: () => start('unread'),
    untold: () => start('untold'),
  };
  for (const name of MACHINES) await provoke[name]();
  const expected: Readonly<Record<Name, readonly string[]>> = {
    ...{ sound: [], resumed: [] },
    ...{ missing: ['image-missing'], denied: ['registry-denied'], unreachable: ['registry-unreachable'] },
    ...{ arm: ['architecture-missing'], lying: ['digest-mismatch'], gone: ['file-unknown'], cut: ['download-aborted'] },
    ...{ once: ['configuration-refused'], unwritten: ['boot-refused'], held: ['attempts-used-up'] },
    ...{ twin: ['memory-short', 'machine-contradicted'], unassigned: ['assignment-missing'] },
    ...{ unreported: ['assignment-undecided'], unfit: ['image-unusable'] },
    ...{ slow: ['image-waiting'], unfetched: ['script-without-kernel'] },
    ...{ unread: ['configuration-not-fetched'], untold: ['done-not-reported'] },
  };
  // One after the other, and not too often: the API bears so much of one client.
  const found = async () => {
    const names: Record<string, readonly string[]> = {};
    for (const name of MACHINES) names[name] = (await findings(name)).map(({ finding }) => finding);
    return names;
  };
  await clock.setAhead(AHEAD_MILLISECONDS);
  await expect.poll(found, { timeout: 40_000, interval: 2_000 }).toEqual(expected);
  /** Within a second or so; of what was taken up again it may have been. */
  const told = () => {
    const machines = log.filter(({ event }) => event === 'boot.finding').map(({ machine }) => machine);
    return [...new Set(machines)].filter((machine) => machine !== 'resumed').toSorted();
  };
  const stopped = MACHINES.filter((name) => expected[name].length > 0).toSorted();
  await expect.poll(told, { timeout: 20_000 }).toEqual(stopped);

  const shown = await bootlayer(['boot', 'show', 'missing', '--server', `http://${server.api}`]);
  expect(shown.out).toMatch(/\nimage-missing: .*\/none has no manifest 1 .*\n {2}push it, or correct the reference/);
  const metrics = await (await fetch(`http://${server.api}/metrics`)).text();
  expect(metrics).toMatch(/bootlayer_findings_total\{finding="image-missing"\} 1\n/);
  expect(metrics).toMatch(/bootlayer_findings_total\{finding="disk-full"\} 0\n/);
}, 180_000);

it('says what the server itself lacks: the time, and what it knew', async () => {
  const folder = await temporaryFolder();
  const config = await writeConfiguration(folder, {
    more: ['identity: { verify: false }', 'unknown: enrol'],
    assignments: ['{ name: all, match: {}, image: "registry.invalid/os:1", policy: { mode: once } }'],
  });
  const clock = await shiftedClock(folder);
  const findings = async (env: NodeJS.ProcessEnv) => {
    const { server, log } = await serve(config, { env });
    await scriptFrom(server);
    const told = () => log.flatMap(({ event, finding }) => (event === 'boot.finding' ? [finding] : []));
    await expect.poll(told, { timeout: 20_000 }).toHaveLength(1);
    await server.stop();
    return told();
  };
  // As a board whose clock has no battery.
  await clock.setAhead(-Date.now());
  expect(await findings(clock.env)).toEqual(['clock-unset']);
  await clock.setAhead(0);
  for (const file of ['state.db', 'state.db-wal', 'state.db-shm'])
    await rm(join(folder, 'data', file), { force: true });
  expect(await findings({})).toEqual(['standing-unknown']);
}, 90_000);

it('says that its data cannot be used, and boots the machine when they can', async () => {
  const registry = await startFakeRegistry();
  registry.addImage('os', { kernel: OTHER.bytes, initramfs: INITRAMFS.bytes });
  const folder = await temporaryFolder();
  const config = await writeConfiguration(folder, {
    plainHttp: [registry.host],
    more: ['cache: { prefetch: false }'],
    assignments: [`{ name: all, match: {}, image: "${registry.host}/os:1" }`],
  });
  const { server, log } = await serve(config);
  // As after a repair of the file system: something else is where downloads are put.
  const ingest = join(folder, 'data/cache/ingest');
  await rm(ingest, { recursive: true });
  await writeFile(ingest, '');
  const script = await scriptFrom(server);
  await fetch(kernelUrl(script))
    .then((answer) => answer.arrayBuffer())
    .catch(() => undefined);
  const told = () => log.filter(({ event }) => event === 'boot.finding');
  await expect
    .poll(told, { timeout: 20_000 })
    .toMatchObject([
      { finding: 'state-unusable', remedy: expect.stringContaining('whether it may write its data folder') as unknown },
    ]);
  await rm(ingest);
  await mkdir(ingest);
  expect((await kernelIn(await scriptFrom(server))).equals(OTHER.bytes)).toBe(true);
}, 60_000);

function macOf(name: Name): string {
  return `52:54:00:00:01:${(16 + MACHINES.indexOf(name)).toString(16)}`;
}
