import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { floodedSite, HEAP, lostAt, SERVER, shareOf, startClients } from '../fixtures/flooded-site.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { serve } from '../fixtures/serving.js';
import { memoryBytes } from '../setup/memory-bytes.js';
import type { Flood } from './dhcp-flood.js';

const MIB = 1024 * 1024;
/** By each of two. */
const COUNT = 500_000;
/** Of the log, within a minute, of each event. */
const MOST_LINES = 5_000;

const FLOODS: readonly Pick<Flood, 'count' | 'kinds'>[] = [
  { count: COUNT },
  // What a machine does whose firmware is broken, and what somebody does who means it.
  { count: COUNT / 10, kinds: ['oneMachine'] },
  { count: COUNT / 5, kinds: ['relays', 'addresses'] },
];

it.each(FLOODS)('answers machines while twice $count datagrams come that nobody should send, $kinds', async (what) => {
  const { segment, firmware, relay, flood } = await floodedSite();
  const { server, log } = await serve(await configuration(), { within: segment.network.within, env: HEAP });
  await flood({ ...what, count: what.count / 5 }, 1);
  const before = memoryBytes('VmRSS', server.process.pid);
  const lostBefore = await lostAt(segment.network);
  const since = performance.now();
  const onSegment = startClients(firmware, { address: '0.0.0.0', roles: ['broadcast'] });
  const beyond = startClients(relay, { address: '192.168.77.61', roles: ['relayed', 'bootServer', 'http'] });
  await flood(what, 3);
  const answers = { ...(await onSegment.answers()), ...(await beyond.answers()) };
  const grown = memoryBytes('VmRSS', server.process.pid) - before;
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
