import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { serve } from '../fixtures/serving.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { ChildProcess } from '../setup/process.js';
import { Segment } from '../setup/segment.js';
import type { Answers, ClientsJob, Role } from './dhcp-clients.js';
import type { Flood } from './dhcp-flood.js';

const FLOOD = fileURLToPath(new URL('dhcp-flood.js', import.meta.url));
const CLIENTS = fileURLToPath(new URL('dhcp-clients.js', import.meta.url));
const MIB = 1024 * 1024;
/** By each of two. */
const COUNT = 500_000;
const SERVER = '192.168.77.1';
const FIRMWARE = Object.values(DHCP_PACKETS).map((bytes) => bytes.toString('hex'));
/** Of what lives, in MiB: V8 lets garbage grow to several times of that unless it is told (node --v8-options). */
const HEAP = { NODE_OPTIONS: '--max-old-space-size=128' };
/** Of the log, within a minute, of each event. */
const MOST_LINES = 5_000;

const FLOODS: readonly Pick<Flood, 'count' | 'kinds'>[] = [
  { count: COUNT },
  // What a machine does whose firmware is broken, and what somebody does who means it.
  { count: COUNT / 10, kinds: ['oneMachine'] },
  { count: COUNT / 5, kinds: ['relays', 'addresses'] },
];

it.each(FLOODS)('answers machines while twice $count datagrams come that nobody should send, $kinds', async (what) => {
  const segment = await Segment.start();
  onTestFinished(() => segment.stop());
  // From 0.0.0.0, as machines do that have no address yet, and from many addresses to the server's own.
  const [neighbour, firmware] = [await addressless(segment, 50), await addressless(segment, 60)];
  const [stranger, relay] = [await segment.addHost('192.168.77.51/24'), await segment.addHost('192.168.77.61/24')];
  const sources = Array.from({ length: 30 }, (_, number) => `192.168.77.${200 + number}`);
  for (const source of sources) await stranger.ip('address', 'add', `${source}/24`, 'dev', 'eth0');
  const { server, log } = await serve(await configuration(), { within: segment.network.within, env: HEAP });
  const flood = async (count: number, seed: number) => {
    const common = { ...what, packets: FIRMWARE, count };
    await Promise.all([
      send(neighbour, { ...common, host: '255.255.255.255', sources: ['0.0.0.0'], seed }),
      send(stranger, { ...common, host: SERVER, sources, seed: seed + 1 }),
    ]);
  };
  await flood(what.count / 5, 1);
  const before = await residentBytes(server.process.pid);
  const lostBefore = await lostAt(segment.network);
  const since = performance.now();
  const onSegment = startClients(firmware, { address: '0.0.0.0', roles: ['broadcast'] });
  const beyond = startClients(relay, { address: '192.168.77.61', roles: ['relayed', 'bootServer', 'http'] });
  await flood(what.count, 3);
  const answers = { ...(await onSegment.answers()), ...(await beyond.answers()) };
  const grown = (await residentBytes(server.process.pid)) - before;
  const lost = (await lostAt(segment.network)) - lostBefore;
  const minutes = Math.ceil((performance.now() - since) / 60_000);

  for (const role of ['broadcast', 'relayed', 'bootServer', 'http'] as const)
    expect(shareOf(answers[role]), `${role} ${JSON.stringify(answers[role])}`).toBeGreaterThan(0.8);
  // Many of them were read, not lost before anybody saw them.
  expect(lost).toBeLessThan(2 * what.count * 0.8);
  expect(grown).toBeLessThan(96 * MIB);
  expect(log.filter(({ event }) => event === 'fault')).toEqual([]);
  for (const event of ['dhcp.answered', 'dhcp.unanswered', 'loader.repeated'])
    expect(log.filter((line) => line.event === event).length).toBeLessThanOrEqual(MOST_LINES * (minutes + 2));
  expect(await server.stop()).toBe(0);
});

async function configuration(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ['data', 'ipxe']) await mkdir(join(folder, name));
  for (const name of ['snponly.efi', 'undionly.kpxe', 'ipxe-arm64.efi'])
    await writeFile(join(folder, 'ipxe', name), name);
  const lines = [
    `advertise: ${SERVER}`,
    'data: data',
    'dhcp: { mode: proxy }',
    'ipxe: { binaries: ipxe }',
    'assignments: [{ name: all, match: {}, image: "registry.example/os:1" }]',
  ];
  const file = join(folder, 'bootlayer.yaml');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** A host that has no address, and sends all it has to say to its segment. */
async function addressless(segment: Segment, number: number): Promise<NetworkNamespace> {
  const host = await segment.addHost(`192.168.77.${number}/24`);
  await host.ip('address', 'flush', 'dev', 'eth0');
  await host.ip('route', 'add', 'default', 'dev', 'eth0');
  return host;
}

/** The flood is to take the server's network, and not its processor, which it has beside it here and nowhere else. */
async function send(from: NetworkNamespace, flood: Flood): Promise<void> {
  const { status, out } = await from.run(['nice', process.execPath, FLOOD, JSON.stringify(flood)], { seconds: 600 });
  expect({ status, out }).toEqual({ status: 0, out: '' });
}

function startClients(at: NetworkNamespace, { address, roles }: Pick<ClientsJob, 'address' | 'roles'>) {
  const [discover, request] = [DHCP_PACKETS.ovmfPxeDiscover, DHCP_PACKETS.ovmfPxeBootServerRequest];
  const job = { server: SERVER, address, roles, discover: discover.toString('hex'), request: request.toString('hex') };
  const [command = '', ...args] = [...at.within, process.execPath, CLIENTS, JSON.stringify(job)];
  const process_ = new ChildProcess(command, args, { name: `clients ${roles.join()}` });
  onTestFinished(async () => void (await process_.stop()));
  const answers = async (): Promise<Partial<Record<Role, Answers>>> => {
    process_.kill();
    return process_.waitForLine((line) => JSON.parse(line) as Partial<Record<Role, Answers>>, 20);
  };
  return { answers };
}

function shareOf({ asked, answered }: Answers = { asked: 0, answered: 0 }): number {
  return asked === 0 ? 0 : answered / asked;
}

async function residentBytes(pid = 0): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Datagrams that the system dropped at the server's ports, since it was behind (proc(5), net/udp). */
async function lostAt(network: NetworkNamespace): Promise<number> {
  const { out } = await network.run(['cat', '/proc/self/net/udp']);
  const lines = out.split('\n').filter((line) => /:(0043|0FAB) 00000000:0000/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1)), 0);
}
