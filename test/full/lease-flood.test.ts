import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { floodedSite, HEAP, SERVER, shareOf, startClients } from '../fixtures/flooded-site.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { serve } from '../fixtures/serving.js';
import { memoryBytes } from '../setup/memory-bytes.js';
import { PROGRAM } from '../setup/server.js';

const MIB = 1024 * 1024;
/** By each of two. */
const COUNT = 500_000;
/** Of each kind: with an address in their record, and without. */
const MACHINES = 16;
const [FIRST_RESERVED, POOL] = [100, { first: 128, last: 191 }];

it('gives known machines their addresses while a million datagrams come that nobody should send, and leaks none', async () => {
  const { segment, firmware, relay, flood } = await floodedSite();
  const { server, log } = await serve(await configuration(), { within: segment.network.within, env: HEAP });
  await flood({ count: COUNT / 5 }, 1);
  const before = memoryBytes('VmRSS', server.process.pid);
  const reserved = startClients(firmware, { address: '0.0.0.0', roles: ['broadcast'], machines: MACHINES });
  const pooled = startClients(relay, { address: '192.168.77.61', roles: ['relayed'], machines: MACHINES });
  await flood({ count: COUNT }, 3);
  const answers = { ...(await reserved.answers()), ...(await pooled.answers()) };
  const grown = memoryBytes('VmRSS', server.process.pid) - before;

  for (const role of ['broadcast', 'relayed'] as const)
    expect(shareOf(answers[role]), `${role} ${JSON.stringify(answers[role])}`).toBeGreaterThan(0.8);
  for (let number = 0; number < MACHINES; number += 1)
    expect(answers.broadcast?.given[number]).toBe(`192.168.77.${FIRST_RESERVED + number}`);
  const given = Object.values(answers.relayed?.given ?? {});
  expect(new Set(given).size).toBe(MACHINES);
  expect(grown).toBeLessThan(96 * MIB);
  expect(log.filter(({ event }) => event === 'fault')).toEqual([]);

  const listed = [process.execPath, PROGRAM, 'lease', 'ls', '--json', '--server', `http://${server.api}`];
  const { out } = await segment.network.run(listed);
  const numbers = (JSON.parse(out) as Listed).map(({ address }) => Number(address.split('.').at(-1)));
  expect(new Set(numbers).size).toBe(numbers.length);
  const isReserved = (number: number) => number >= FIRST_RESERVED && number < FIRST_RESERVED + MACHINES;
  const isPooled = (number: number) => number >= POOL.first && number <= POOL.last;
  expect(numbers.filter((number) => !isReserved(number) && !isPooled(number))).toEqual([]);
  expect(numbers.filter(isReserved)).toHaveLength(MACHINES);
  expect(await server.stop()).toBe(0);
});

type Listed = readonly { readonly address: string }[];

/** The first of the two kinds asks on the segment, the second over a relay. */
async function configuration(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ['data', 'ipxe']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'ipxe', 'snponly.efi'), 'no program');
  const numbers = Array.from({ length: MACHINES }, (_, number) => number);
  const card = (kind: string, number: number) => `"52:54:00:${kind}:00:${number.toString(16).padStart(2, '0')}"`;
  const lines = [
    `advertise: ${SERVER}`,
    'data: data',
    'dhcp:',
    '  mode: server',
    '  allowOtherServers: true',
    `  subnets: [{ subnet: 192.168.77.0/24, range: 192.168.77.${POOL.first}-192.168.77.${POOL.last} }]`,
    'ipxe: { binaries: ipxe }',
    'machines:',
    ...numbers.map((one) => `  - { name: r-${one}, mac: ${card('71', one)}, ip: 192.168.77.${FIRST_RESERVED + one} }`),
    ...numbers.map((one) => `  - { name: p-${one}, mac: ${card('72', one)} }`),
    'assignments: [{ name: all, match: {}, image: "registry.example/os:1" }]',
  ];
  const file = join(folder, 'bootlayer.yaml');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}
