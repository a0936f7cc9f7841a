import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FindingName } from '../../src/boot/finding.js';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { writeIp4s } from '../../src/dhcp/option-values.js';
import { exchange } from '../fixtures/exchange.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { writeLeasingConfig } from '../fixtures/leasing-site.js';
import { startProxied, writeProxiedConfig } from '../fixtures/proxied-site.js';
import { pxeDatagram } from '../fixtures/pxe.js';
import { startSite } from '../fixtures/segment.js';
import { shiftedClock } from '../fixtures/shifted-clock.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram, program } from '../setup/parts.js';
import { type LogLine, PROGRAM } from '../setup/server.js';

/** What keeps machines from a script of ours, by hosts on one Ethernet that ask as firmware does, and then do not go on. */
const SERVER = '192.168.77.1';
const OTHER = '192.168.77.2';
const [UEFI_AMD64, UEFI_HTTP, BIOS] = [7, 16, 0];
/** More than one block: a client that breaks off has had some of it. */
const LOADER = randomBytes(100_000);

type Machine = {
  readonly name: string;
  readonly mac: string;
  readonly address: string;
  readonly host: NetworkNamespace;
};
type Asked = { readonly architecture?: number; readonly xid?: number; readonly from?: string };

/** TFTP asks nearly as long for an answer. */
const PATIENCE = { timeout: 40_000 };

/** `stops`: what each machine does, by its name. */
const STOPS: Readonly<Record<string, (machine: Machine, others: readonly Machine[]) => Promise<void>>> = {
  silent: (machine) => discover(machine),
  https: (machine) => discover(machine, { architecture: UEFI_HTTP }),
  // The server says nothing to it, and the other one does.
  unsupported: (machine) => discover(machine, { architecture: BIOS, from: OTHER }),
  // Another server, or somebody, tells it so.
  crossed: async (machine) => {
    await discover(machine);
    await load(machine, 'ipxe-arm64.efi');
  },
  stuck: async (machine) => {
    await discover(machine);
    await load(machine, 'snponly.efi');
  },
  reset: async (machine) => {
    await discover(machine);
    await breakOff(machine, 'snponly.efi');
  },
  firewalled: async (machine) => {
    await discover(machine);
    await askWithoutListening(machine, 'snponly.efi');
  },
  looping: async (machine) => {
    for (let xid = 1; xid <= 6; xid += 1) {
      await discover(machine, { xid });
      await load(machine, 'snponly.efi');
    }
  },
  misnamed: async (machine) => {
    await discover(machine);
    await load(machine, 'pxelinux.0');
  },
  // Somebody asks in its name, by a card that is none of its.
  borrowed: async ({ mac }, [other]) => {
    const { command, libraryPath } = program('curl');
    const url = `http://${SERVER}:8080/boot/script?mac=${mac}&buildarch=x86_64`;
    const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
    const { out } = (await other?.host.run([command, '-sS', '--max-time', '20', url], { env })) ?? { out: '' };
    expect(out).toMatch(/^#!ipxe/);
  },
};

const EXPECTED: Readonly<Record<string, FindingName>> = {
  ...{ silent: 'answer-ignored', https: 'http-boot-refused', unsupported: 'loader-missing' },
  ...{ crossed: 'loader-of-other-architecture', stuck: 'loader-not-started', reset: 'loader-aborted' },
  ...{ firewalled: 'loader-unanswered', looping: 'loader-repeated', misnamed: 'file-refused' },
  ...{ borrowed: 'identity-doubted' },
};

it('says of each machine that firmware does not bring to a script why', async (context) => {
  const { segment } = await startSite(context);
  const folder = await withLoaders(['snponly.efi', 'ipxe-arm64.efi']);
  const names = Object.keys(STOPS);
  const machines: Machine[] = [];
  for (const [position, name] of names.entries()) {
    const [mac, address] = [`52:54:00:77:00:${10 + position}`, `192.168.77.${10 + position}`];
    machines.push({ name, mac, address, host: await hostAs(segment, mac, address) });
  }
  const config = await writeProxiedConfig({
    folder,
    more: ['machines:', ...machines.map(({ name, mac }) => `  - { name: ${name}, mac: "${mac}" }`)],
    assignments: ['{ name: all, match: {}, image: "registry.invalid/os:1", policy: { mode: once } }'],
  });
  const clock = await shiftedClock(folder);
  const { log } = await startProxied(context, config, segment.network.within, clock.env);
  await Promise.all(
    machines.map(async (machine) =>
      STOPS[machine.name]?.(
        machine,
        machines.filter((one) => one !== machine),
      ),
    ),
  );
  const told = () => findingsIn(log).map(({ machine, finding }) => `${machine}: ${finding}`);
  const expected = names.map((name) => `${name}: ${EXPECTED[name]}`);
  // Those that show by time alone.
  const { silent: _silent, https: _https, stuck: _stuck, ...atOnce } = EXPECTED;
  for (const name of Object.keys(atOnce)) await expect.poll(told, PATIENCE).toContain(`${name}: ${EXPECTED[name]}`);
  await clock.setAhead(62_000);
  await expect.poll(() => told().toSorted(), PATIENCE).toEqual(expected.toSorted());

  const evidence = Object.fromEntries(findingsIn(log).map((one) => [one.machine, one.evidence]));
  expect(evidence).toMatchObject({
    silent: expect.stringMatching(
      /^x64 UEFI by PXE was told 1 time to load snponly\.efi by TFTP from 192\.168\.77\.1/,
    ) as unknown,
    crossed: 'it loaded ipxe-arm64.efi, which is for UEFI arm64, and its firmware is UEFI amd64',
    misnamed: expect.stringContaining('asked for "pxelinux.0" by TFTP') as unknown,
    borrowed: expect.stringContaining(`the card at ${machines[0]?.address} is ${machines[0]?.mac}`) as unknown,
  });
  const shown = await segment.network.run([process.execPath, PROGRAM, 'boot', 'show', 'crossed', '-c', config]);
  expect(shown.out).toMatch(/\nloader-of-other-architecture: it loaded ipxe-arm64\.efi.*\n {2}another DHCP server/);
}, 120_000);

it('names the DHCP server whose offer a machine takes, and what that offers', async (context) => {
  const { segment, leases } = await startSite(context, ['dhcp-boot=pxelinux.0,,192.168.77.9']);
  const [mac, address] = ['52:54:00:77:00:01', '192.168.77.10'];
  const host = await hostAs(segment, mac, address);
  const machine = { name: 'node-01', mac, address, host };
  const config = await writeLeasingConfig({
    folder: await withLoaders(['snponly.efi']),
    dhcp: ['allowOtherServers: true', 'probe: false'],
    subnets: ['{ subnet: 192.168.77.0/24, range: 192.168.77.150-192.168.77.199 }'],
    machines: [`{ name: node-01, mac: "${mac}" }`],
    assignments: ['{ name: all, match: {}, image: "registry.invalid/os:1" }'],
  });
  const { log } = await startProxied(context, config, segment.network.within);
  const offers = await exchange(host, [discoverOf(machine)], { address, from: OTHER });
  const wanted = offers[0]?.packet.yiaddr ?? '';
  expect(wanted).toMatch(/^192\.168\.77\.1\d\d$/);
  const options = [[OPTION.serverId, writeIp4s(OTHER)] as const, [OPTION.requestedAddress, writeIp4s(wanted)] as const];
  await exchange(host, [discoverOf(machine, { type: MESSAGE.request, options })], { address, from: OTHER });
  await leases.waitForLine((line) => (line.includes(`DHCPACK(eth0) ${wanted}`) ? line : undefined), 10);
  await expect
    .poll(() => findingsIn(log))
    .toMatchObject([
      {
        machine: 'node-01',
        finding: 'other-server-won',
        evidence: `it took the offer of ${wanted} by the DHCP server ${OTHER}, not ours`,
        remedy: expect.stringContaining('"bootlayer doctor" shows what it tells machines to load') as unknown,
      },
    ]);
}, 60_000);

async function withLoaders(files: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'ipxe'));
  for (const file of files) await writeFile(join(folder, 'ipxe', file), LOADER);
  return folder;
}

type Segment = Awaited<ReturnType<typeof startSite>>['segment'];

async function hostAs(segment: Segment, mac: string, address: string): Promise<NetworkNamespace> {
  const host = await segment.addHost(`${address}/24`);
  await host.ip('link', 'set', 'eth0', 'address', mac);
  return host;
}

function discoverOf(
  { mac }: Machine,
  { architecture = UEFI_AMD64, xid = 7, ...more }: Asked & Parameters<typeof pxeDatagram>[0] = {},
): Buffer {
  const vendorClass = architecture === UEFI_HTTP ? 'HTTPClient' : 'PXEClient';
  const chaddr = Buffer.from(mac.replaceAll(':', '').padEnd(32, '0'), 'hex');
  return pxeDatagram({ architectures: [architecture], vendorClass, chaddr, xid, flags: 0x8000, ...more });
}

async function discover(machine: Machine, { from = SERVER, ...asked }: Asked = {}): Promise<void> {
  const { host, address } = machine;
  await exchange(host, [discoverOf(machine, asked)], { address, from });
}

async function load({ host }: Machine, file: string, before = ''): Promise<void> {
  const into = join(await temporaryFolder(), 'loaded');
  const tftp = [busyboxProgram(), 'tftp', '-g', '-b', '1400', '-r', file, '-l', into, SERVER];
  await host.run(['sh', '-c', `${before} exec "$@"`, 'sh', ...tftp]);
}

/** As a machine that is reset meanwhile: the system ends the client when it has written so many blocks of 512 bytes. */
function breakOff(machine: Machine, file: string): Promise<void> {
  return load(machine, file, 'ulimit -f 16;');
}

/** What the server sends is lost on the way, as by a firewall that lets port 69 through alone. */
async function askWithoutListening({ host, address }: Machine, file: string): Promise<void> {
  const packet = Buffer.concat([Buffer.of(0, 1), Buffer.from(`${file}\0octet\0blksize\x001400\0`)]);
  const send = `const s = require('node:dgram').createSocket('udp4'); s.bind(2070, '${address}', () =>
    s.send(Buffer.from('${packet.toString('hex')}', 'hex'), 69, '${SERVER}', () => setTimeout(() => s.close(), 30_000)));`;
  await host.run([process.execPath, '-e', send]);
}

function findingsIn(log: readonly LogLine[]) {
  return log
    .filter(({ event }) => event === 'boot.finding')
    .map(({ machine, finding, evidence, remedy }) => ({
      machine: String(machine),
      finding: String(finding),
      evidence,
      remedy,
    }));
}
