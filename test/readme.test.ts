import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOOT_STATES } from '../src/boot/boot.js';
import { FINDINGS } from '../src/boot/finding.js';
import { BootUrls } from '../src/booter/boot-urls.js';
import { anybody, prepareAs } from '../src/booter/check-target.js';
import { createMapping } from '../src/booter/mapping.js';
import { readConfigText } from '../src/config/read.js';
import { findDhcpWarnings } from '../src/dhcp-warnings.js';
import type { LeaseEvent } from '../src/lease/event.js';
import { LeaseBook } from '../src/lease/lease-book.js';
import { Reservations } from '../src/lease/reservations.js';
import { type IpAddress, parseIp, parseSubnet } from '../src/net/ip.js';
import type { MacAddress } from '../src/net/mac.js';
import { digestOf, hexOf } from '../src/oci/digest.js';
import { formatReference } from '../src/oci/reference.js';
import { testBooter } from './fixtures/booter.js';
import { OPENED_ISO, readIsoOf } from './fixtures/contents.js';
import { resolvedImage } from './fixtures/plans.js';
import { neighbours } from './fixtures/policies.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const EXAMPLES = new Map(
  [...README.matchAll(/```yaml\n# example: (.+)\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => [name, text]),
);

/** Which assignment a machine gets by an example of the README, and what else its script holds. */
async function boot(example: string, query: Readonly<Record<string, string>>, from = '192.168.77.20') {
  const text = EXAMPLES.get(example) ?? expect.fail(`the README has no example "${example}"`);
  const { config, warnings } = readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {});
  expect(warnings).toEqual([]);
  const { booter, events } = testBooter(config);
  const script = await booter.script({ buildarch: 'x86_64', platform: 'pcbios', ...query }, from);
  const sent = events.find((event) => event.event === 'script.sent');
  return {
    assignment: sent?.event === 'script.sent' ? sent.assignment : undefined,
    image: sent && 'image' in sent ? sent.image : '',
    script,
  };
}

/** Each of them, as the compiler sees to. */
const LEASE_EVENTS: Readonly<Record<LeaseEvent['event'], true>> = {
  ...{ 'lease.given': true, 'lease.elsewhere': true, 'lease.none': true, 'lease.refused': true },
  ...{
    'lease.released': true,
    'lease.freed': true,
    'lease.imported': true,
    'lease.declined': true,
    'lease.conflict': true,
  },
  ...{ 'lease.unsaved': true, 'pool.exhausted': true, 'pool.regained': true, 'dhcp.other': true },
};

it('the README says under which URL virtual media finds an ISO', () => {
  const [, template = ''] = /is the `<hex>` of its URL, `([^`]+)`/.exec(README) ?? [];
  const descriptor = { mediaType: 'x/y', digest: digestOf(Buffer.from('iso')), size: 3 };
  const url = new BootUrls(() => 'http://192.168.77.1:8080').blob({ role: 'iso', descriptor });
  expect(`http://192.168.77.1:8080${template.replace('<hex>', hexOf(descriptor.digest))}`).toBe(url);
  expect(README).toContain(`"Image": "http://192.168.77.1:8080${template}"`);
});

it('the README says what each state of a boot is', () => {
  const [, table = ''] = /\| state \| the machine \|\n\| --- \| --- \|\n([\s\S]*?)\n\n/.exec(README) ?? [];
  expect([...table.matchAll(/^\| `(.+?)` \|/gm)].map(([, state]) => state)).toEqual(BOOT_STATES);
});

it('the README says what each finding is', () => {
  const rows = Object.entries(FINDINGS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  expect(README).toContain(`| finding | is |\n| --- | --- |\n${rows.join('\n')}\n\n`);
});

it('the README says what each event of addresses means', () => {
  const [, table = ''] = /\n\| event \| what it means, and what to do \|\n([\s\S]*?)\n\n/.exec(README) ?? [];
  const told = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)]);
  expect(told.map(([, name]) => name).toSorted()).toEqual(Object.keys(LEASE_EVENTS).toSorted());
});

describe("the README's mappings", () => {
  it('are all run here', () => {
    // Those of kernel arguments are in test/readme-arguments.test.ts, those of provisioning in test/readme-provision.test.ts.
    expect([...EXAMPLES.keys()].filter((name) => !/^(?:arguments|provisions?): /.test(name))).toEqual([
      'proxyDHCP',
      'a trial on loopback',
      'most of it',
      'an ISO',
      'what of an ISO',
      'the only DHCP server',
      'HTTPS',
      'registries',
      'one machine',
      'a rack by labels',
      'mixed architectures',
      'unknown machines',
      'install once',
      'an API with tokens',
    ]);
  });

  it('boot a live system of an ISO by the arguments of its menu, and by where the rest of it is', async () => {
    const text = EXAMPLES.get('an ISO') ?? '';
    const { config, warnings } = readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {});
    expect(warnings).toEqual([]);
    const root = { path: '/live/filesystem.squashfs', part: { offset: 45_056, length: 4_096 } };
    const opening = { ...OPENED_ISO, preset: 'debian-live', root } as const;
    const image = resolvedImage(['iso'], { commandLine: '', contents: { iso: readIsoOf({ opening }) } });
    const mapping = createMapping(config);
    const assignment = config.assignments[0] ?? expect.fail('it has no assignment');
    const urls = new BootUrls(() => 'http://192.168.77.1:8080');
    const prepared = prepareAs('ipxe-bios', { subject: anybody('amd64'), assignment }, image, { mapping, urls });
    const words = prepared.kind === 'ready' ? prepared.planned.words : expect.fail(prepared.reason);
    expect(words.map(({ text: word, from }) => [word, from])).toEqual([
      ['boot=live', 'preset debian-live'],
      ['fetch={blob.squashfs.url}', 'preset debian-live'],
      ['hostname=live', 'assignment'],
    ]);
  });

  it('have an ISO started by what they name', async () => {
    const { config, warnings } = readConfigText(
      EXAMPLES.get('what of an ISO') ?? '',
      '/etc/bootlayer/bootlayer.yaml',
      {},
    );
    expect(warnings).toEqual([]);
    expect(config.assignments.map(({ iso }) => iso)).toEqual([
      {
        files: { kernel: '/install/vmlinuz', initramfs: ['/install/microcode.img', '/install/initrd.gz'] },
        kernelArgs: 'priority=critical auto=true',
      },
      undefined,
    ]);
  });

  it('open the API with tokens', async () => {
    const { config } = readConfigText(EXAMPLES.get('an API with tokens') ?? '', '/etc/bootlayer/bootlayer.yaml', {});
    expect(config.api).toEqual({ listen: { host: '0.0.0.0', port: 8081 }, tokenFile: '/etc/bootlayer/tokens' });
    expect((await boot('an API with tokens', { mac: '52:54:00:00:00:09' })).assignment).toBe('everybody');
  });

  it('tell machines how to boot, and begin with one that is named', async () => {
    const { config, warnings } = readConfigText(EXAMPLES.get('proxyDHCP') ?? '', '/etc/bootlayer/bootlayer.yaml', {});
    expect(config.dhcp).toEqual({ mode: 'proxy', listen: { host: '0.0.0.0', port: 67 }, interfaces: [] });
    expect(warnings).toEqual([]);
    const booted = await boot('proxyDHCP', { mac: '52-54-00-12-34-56' });
    expect(booted).toMatchObject({ assignment: 'node-01' });
    expect(config.assignments.map((one) => formatReference(one.image))).toEqual([
      'oci:/etc/bootlayer/images/debian:12',
    ]);
    expect((await boot('proxyDHCP', { mac: '52-54-00-00-00-01' })).script).toContain('no assignment matches');
  });

  it('tell nothing to the network where it is tried', async () => {
    const { config } = readConfigText(EXAMPLES.get('a trial on loopback') ?? '', '/root/bootlayer.yaml', {});
    expect([config.dhcp, config.tftp]).toEqual([undefined, undefined]);
    for (const { listen } of [config.http, config.api]) expect(listen.host).toBe('127.0.0.1');
    const [, query = ''] = /curl 'http:\/\/127\.0\.0\.1:8080\/boot\/script\?(.*)'/.exec(README) ?? [];
    const asked = Object.fromEntries(new URLSearchParams(query));
    expect(await boot('a trial on loopback', asked)).toMatchObject({ assignment: 'node-01' });
  });

  it('have most of what there is in one', async () => {
    const known = await boot('most of it', { mac: '52-54-00-12-34-56' });
    expect(known).toMatchObject({ assignment: 'node-01', image: 'registry.lab:5000/os/debian:12' });
    expect(known.script).toContain('console=ttyS0');
    const { config } = readConfigText(EXAMPLES.get('most of it') ?? '', '/etc/bootlayer/bootlayer.yaml', {});
    expect(config.assignments.map(({ name }) => name)).toEqual(['node-01', 'everyone-else']);
    expect([config.dhcp?.mode, config.data]).toEqual(['proxy', '/var/lib/bootlayer']);
  });

  it('give addresses, to a machine that is named its own', async () => {
    const text = EXAMPLES.get('the only DHCP server') ?? '';
    const { config, warnings } = readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {});
    expect(warnings).toEqual([]);
    const { dhcp, machines } = config;
    expect(dhcp).toMatchObject({ mode: 'server', authoritative: true, subnets: [{ leaseSeconds: 3_600 }, {}] });
    const urls = new BootUrls(
      () => 'http://192.168.77.1:8080',
      () => [],
    );
    const br0 = { name: 'br0', address: '192.168.77.1', subnets: [parseSubnet('192.168.77.0/24') ?? expect.fail()] };
    expect(findDhcpWarnings({ dhcp, machines, interfaces: [br0], host: [br0], urls })).toEqual([]);
    const book = new LeaseBook({
      subnets: dhcp?.mode === 'server' ? dhcp.subnets : [],
      isAuthoritative: true,
      reservations: () => new Reservations(machines),
    });
    const offered = (mac: string, at: string, record: { machine?: string; reserved?: IpAddress } = {}) => {
      const client = { mac: mac as MacAddress, ...record };
      const decided = book.decide({ kind: 'discover', client, link: [parseIp(at) ?? expect.fail()] }, 0);
      return decided.kind === 'offer' ? decided.address : decided.kind;
    };
    const [node] = machines;
    const record = { machine: 'node-01', reserved: node?.ip ?? expect.fail() };
    expect(offered('52:54:00:12:34:56', '192.168.77.1', record)).toBe('192.168.77.20');
    expect(offered('52:54:00:00:00:09', '192.168.77.1')).toBe('192.168.77.100');
    expect(offered('52:54:00:00:00:0a', '10.1.0.1')).toBe('10.1.0.100');
    expect((await boot('the only DHCP server', { mac: '52:54:00:00:00:09' })).assignment).toBe('all');
  });

  it('go by HTTPS throughout', () => {
    const { config } = readConfigText(EXAMPLES.get('HTTPS') ?? '', '/etc/bootlayer/bootlayer.yaml', {});
    expect(config).toMatchObject({
      advertise: { kind: 'url', url: 'https://192.168.77.1:8443' },
      http: { tls: { certFile: '/etc/bootlayer/cert.pem', keyFile: '/etc/bootlayer/key.pem', listen: { port: 8443 } } },
    });
  });

  it('boot from a private registry', async () => {
    const booted = await boot('registries', { mac: '52-54-00-12-34-57' });
    expect(booted.image).toBe('registry.corp/os/debian:12');
  });

  it('boot one machine by any of its cards', async () => {
    const booted = await boot('one machine', { mac: '52-54-00-12-34-57' });
    expect(booted).toMatchObject({ assignment: 'node-01', image: 'registry.lab:5000/os/debian:12' });
    expect(booted.script).toContain('hostname=node-01');
    expect((await boot('one machine', { mac: '52-54-00-00-00-01' })).script).toContain('no assignment matches');
  });

  it.each([
    ['52-54-00-00-01-01', '', 'rack-1-storage', 'registry.lab:5000/os/storage:7'],
    ['52-54-00-00-01-02', '', 'under-repair', 'registry.lab:5000/os/rescue:1'],
    ['52-54-00-00-09-09', '0012345', 'rack-1', 'registry.lab:5000/os/debian:12'],
  ])('boot a rack by labels: %s %s', async (mac, serial, assignment, image) => {
    const booted = await boot('a rack by labels', { mac, serial });
    expect(booted).toMatchObject({ assignment, image });
    expect(booted.script).toContain('console=ttyS0');
  });

  it.each([
    [{ buildarch: 'arm64', platform: 'efi', product: 'Any' }, '10.2.3.4', 'arm'],
    [{ buildarch: 'arm64', platform: 'efi', product: 'Any' }, '10.3.3.4', 'all'],
    [{ product: 'PowerEdge R210' }, '10.3.3.4', 'old-boards'],
    [{ product: 'PowerEdge R210', platform: 'efi' }, '10.3.3.4', 'all'],
  ])('boot a mixed fleet: %j from %s', async (query, from, assignment) => {
    const booted = await boot('mixed architectures', query, from);
    expect(booted.assignment).toBe(assignment);
    expect(booted.script.includes('console=ttyAMA0')).toBe(assignment === 'arm');
  });

  it('install a machine once, which is told where to report it', async () => {
    const text = EXAMPLES.get('install once') ?? '';
    const { config } = readConfigText(text, '/etc/bootlayer/bootlayer.yaml', {});
    const { booter, standings } = testBooter({
      ...config,
      neighbours: neighbours({ '192.168.77.20': '52:54:00:12:34:56' as MacAddress }),
    });
    const query = { mac: '52-54-00-12-34-56', buildarch: 'x86_64', platform: 'pcbios' };
    const script = await booter.script(query, '192.168.77.20');
    const capability = /done=\S+\/boot\/done\/(\S+)/.exec(script)?.[1] ?? '';
    expect(await booter.doneReports.report(capability, '192.168.77.20')).toBe(true);
    expect(standings.size).toBe(1);
    expect(await booter.script(query, '192.168.77.20')).toContain('boots its local disk');
    expect((await boot('install once', { mac: '52-54-00-12-34-57' })).assignment).toBeUndefined();
  });

  it('boot what is known, and something else what is not', async () => {
    const known = { uuid: '44454C4C-4200-1030-8057-B7C04F4D3732' };
    expect((await boot('unknown machines', known)).assignment).toBe('workers');
    expect((await boot('unknown machines', { uuid: '4c4c4544-0000-0000-0000-b7c04f4d3732' })).assignment).toBe(
      'inventory',
    );
  });
});
