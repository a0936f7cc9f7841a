import { join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { startDocuments } from '../fixtures/documents.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootCloudInit } from '../setup/cloud-init.js';
import type { CloudInitRelease } from '../setup/parts.js';
import { Segment } from '../setup/segment.js';

/** What it retries at most: an answer other than 2xx costs a second each time (cloudinit/util.py: read_seeded). */
const TRIES = 11;

const SEED = {
  'meta-data': 'instance-id: rack7-1\nlocal-hostname: rack7\n',
  'user-data': [
    '#cloud-config',
    'write_files:',
    '  - { path: /etc/written, content: of the user }',
    'runcmd:',
    '  - [sh, -c, "hostname >/etc/ran"]',
    '',
  ].join('\n'),
  'vendor-data': '#cloud-config\nbootcmd: [echo of the vendor >/etc/vendor]\n',
  'network-config': 'version: 2\nethernets: { eth0: { addresses: [192.168.77.9/24] } }\n',
};

type Seed = Partial<typeof SEED>;

/** The older one knows no network-config of a URL; the newer wants it before all else. */
const ASKED: Record<CloudInitRelease, readonly string[]> = {
  bookworm: ['meta-data', 'user-data', 'vendor-data'],
  trixie: ['network-config', 'meta-data', 'user-data', 'vendor-data'],
};
const RELEASES = ['bookworm', 'trixie'] as const;

/** A machine at 192.168.77.9 that can be booted again, and what it has asked. */
async function startMachine(context: TestContext, release: CloudInitRelease, seed: Seed) {
  const segment = await Segment.start();
  context.onTestFinished(() => segment.stop());
  const network = await segment.addHost('192.168.77.9/24');
  const documents = Object.fromEntries(Object.entries(seed).map(([name, text]) => [`/seed/${name}`, text]));
  const place = { network: segment.network, address: '192.168.77.1' };
  const { server, asked } = await startDocuments(context, place, documents);
  const folder = join(await temporaryFolder(context), 'disk');
  const boot = (ds = 'nocloud-net') =>
    bootCloudInit({ network, folder, release, commandLine: `ds=${ds};s=${server}/seed/` });
  return { boot, asked, names: () => asked.map(({ path }) => path.replace('/seed/', '')) };
}

describe("Debian's cloud-init, of the URL on its command line", () => {
  it.concurrent.for(RELEASES)(
    'does what it is told, having asked for each once, and again at its next boot: %s',
    async (release, context) => {
      const { expect } = context;
      const { boot, asked, names } = await startMachine(context, release, SEED);
      const booted = await boot();
      expect(booted).toMatchObject({ status: 0, instanceId: 'rack7-1', hostname: 'rack7' });
      expect(booted.result).toEqual({
        datasource: expect.stringContaining('DataSourceNoCloudNet') as string,
        errors: [],
      });
      expect(booted.userData).toBe(SEED['user-data']);
      expect(booted.vendorData).toBe(SEED['vendor-data']);
      const files = ['etc/written', 'etc/ran', 'etc/vendor'].map(booted.file);
      expect(files).toEqual(['of the user', 'rack7\n', 'of the vendor\n']);
      const address = booted.file('etc/network/interfaces.d/50-cloud-init')?.includes('address 192.168.77.9/24');
      expect([booted.networkConfig !== undefined, address]).toEqual(Array(2).fill(release === 'trixie'));
      expect(names()).toEqual(ASKED[release]);
      expect(asked.every(({ method, agent }) => method === 'GET' && agent.startsWith('Cloud-Init/'))).toBe(true);
      const again = await boot();
      expect(again).toMatchObject({ status: 0, instanceId: 'rack7-1', hostname: 'rack7' });
      expect(names()).toEqual([...ASKED[release], ...ASKED[release]]);
    },
  );

  it.concurrent.for([
    // It has fetched all, and leaves it: it takes it for what it should have found without a network.
    ['bookworm', 'nocloud', false],
    ['bookworm', 'nocloud;dsmode=net', true],
    ['trixie', 'nocloud', true],
    ['trixie', 'nocloud;dsmode=net', true],
  ] as const)('%s and ds=%s: obeyed %s', async ([release, ds, isObeyed], context) => {
    const { expect } = context;
    const { boot, names } = await startMachine(context, release, SEED);
    const booted = await boot(ds);
    expect(names()).toEqual(ASKED[release]);
    expect(booted.file('etc/written')).toBe(isObeyed ? 'of the user' : undefined);
    expect(booted.result?.datasource ?? 'none').toMatch(isObeyed ? /^DataSourceNoCloudNet/ : 'none');
  });

  it.concurrent.for(RELEASES)('takes an empty document for none: %s', async (release, context) => {
    const { expect } = context;
    const { boot, names } = await startMachine(context, release, { ...SEED, 'vendor-data': '', 'network-config': '' });
    const booted = await boot();
    expect(booted.file('etc/written')).toBe('of the user');
    expect(booted.result?.errors).toEqual([]);
    expect(names()).toEqual(ASKED[release]);
  });

  it.concurrent.for(RELEASES)('asks many times for what is not there, and goes on: %s', async (release, context) => {
    const { expect } = context;
    const { 'vendor-data': _vendor, 'network-config': _network, ...seed } = SEED;
    const { boot, names } = await startMachine(context, release, seed);
    const booted = await boot();
    expect(booted.file('etc/written')).toBe('of the user');
    const missing = ['vendor-data', 'network-config'];
    expect(names()).toEqual(
      ASKED[release].flatMap((name) => new Array<string>(missing.includes(name) ? TRIES : 1).fill(name)),
    );
  });

  it.concurrent.for(RELEASES)('does nothing without its user-data: %s', async (release, context) => {
    const { expect } = context;
    const { 'user-data': _user, ...seed } = SEED;
    const { boot, asked } = await startMachine(context, release, seed);
    const booted = await boot();
    expect(booted.result?.datasource).toContain('DataSourceNone');
    expect(asked.filter(({ status }) => status === 404)).toHaveLength(TRIES);
    expect(booted.hostname).not.toBe('rack7');
  });
});
