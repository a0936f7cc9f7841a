import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Segment } from '../setup/segment.js';
import { startServer } from '../setup/server.js';
import { DHCP_PEERS } from './dhcp-peers.js';
import { figure, median, printTable } from './figures.js';
import { withLab } from './lab.js';
import { processorSeconds } from './load.js';

const CLIENT = fileURLToPath(new URL('dhcp-client.js', import.meta.url));
const FULL = { rounds: 5, milliseconds: 2_000, outstanding: [1, 64] };
const SMOKE = { rounds: 1, milliseconds: 200, outstanding: [64] };
/** Of the client, and in the network of which leases are given. */
const RELAY = '10.77.0.9';

/**
 * Offers to UEFI machines behind one relay, against the servers that people run. Each server and the relay have a network of
 * their own on one segment: answers to a relay go to its port 67, where any number of machines can be played.
 * @param {{ smoke: boolean }} options
 */
export async function benchDhcp({ smoke }) {
  const sizes = smoke ? SMOKE : FULL;
  await withLab(async (lab) => {
    const segment = lab.started(await Segment.start('10.77.0.1/16'));
    // First, since a bridge without a host at it is down.
    const relay = await segment.addHost(`${RELAY}/16`);
    const server = lab.started(await startOurs(lab.folder, segment.network.within));
    const targets = [{ name: 'bootlayer', host: '10.77.0.1', pid: server.process.pid ?? 0 }];
    for (const [name, start] of Object.entries(DHCP_PEERS)) {
      const host = `10.77.0.${1 + targets.length}`;
      const peer = lab.started(await start(await segment.addHost(`${host}/16`), lab.folder));
      targets.push({ name, host, pid: peer.process.pid ?? 0 });
    }
    let first = 0;
    const load = async (/** @type {Target} */ target, /** @type {Work} */ work) => {
      const done = await ask(relay, target, { ...work, first });
      first += done.offers + done.lost;
      return done;
    };
    const rows = [];
    for (const target of targets) await load(target, { outstanding: 64, milliseconds: sizes.milliseconds / 4 });
    for (const outstanding of sizes.outstanding) {
      const measured = await inTurn(sizes.rounds, targets, (one) => load(one, { ...sizes, outstanding }));
      rows.push([String(outstanding), ...columnsOf(measured)]);
    }
    const peers = targets.slice(1).map(({ name }) => name);
    printTable(
      'DISCOVER to OFFER: offers/s of ours, the ratio to each peer, and processor time',
      ['outstanding', 'offers/s', ...peers, 'lost', 'cpu us', ...peers.map((name) => `${name} us`)],
      rows,
    );
  });
}

/** @typedef {{ name: string, host: string, pid: number }} Target */
/** @typedef {Pick<import('./dhcp-client.js').DhcpJob, 'outstanding' | 'milliseconds'>} Work */

/** With the one binary that is asked for. @param {string} folder @param {readonly string[]} within */
async function startOurs(folder, within) {
  const binaries = join(folder, 'ipxe');
  mkdirSync(binaries);
  writeFileSync(join(binaries, 'snponly.efi'), 'no program');
  mkdirSync(join(folder, 'data'));
  const file = join(folder, 'bootlayer.yaml');
  const lines = [
    'advertise: 10.77.0.1',
    'data: data',
    'dhcp: { mode: proxy }',
    `ipxe: { binaries: "${binaries}" }`,
    'assignments: [{ name: all, match: {}, image: "registry.example/os:1" }]',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return startServer(file, { within });
}

/** @param {import('../setup/network-namespace.js').NetworkNamespace} relay @param {Target} target @param {Work & { first: number }} work */
async function ask(relay, { name, host, pid }, { outstanding, milliseconds, first }) {
  const job = JSON.stringify({ host, relay: RELAY, outstanding, milliseconds, first });
  const before = processorSeconds(pid);
  const { status, out } = await relay.run([process.execPath, CLIENT, job]);
  if (status !== 0) throw new Error(`the load client of ${name} ended with ${status}\n${out}`);
  /** @type {import('./dhcp-client.js').DhcpLoad} */
  const load = JSON.parse(out);
  if (load.offers === 0) throw new Error(`${name} does not answer`);
  return { ...load, processorSeconds: processorSeconds(pid) - before };
}

/** @typedef {Awaited<ReturnType<typeof ask>>} Measured */

/** All of them in turn, so that they see the same machine. @param {number} rounds @param {readonly Target[]} targets @param {(target: Target) => Promise<Measured>} load */
async function inTurn(rounds, targets, load) {
  /** @type {Measured[][]} by target */
  const measured = targets.map(() => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [position, target] of targets.entries()) measured[position]?.push(await load(target));
  return measured;
}

/** @param {readonly (readonly Measured[])[]} measured */
function columnsOf([ours = [], ...peers]) {
  const rate = (/** @type {Measured | undefined} */ load) =>
    load === undefined ? Number.NaN : load.offers / load.seconds;
  const microseconds = (/** @type {readonly Measured[]} */ loads) =>
    figure(median(loads.map((load) => (Math.max(load.processorSeconds, 0.01) * 1e6) / load.offers)));
  return [
    figure(median(ours.map(rate))),
    ...peers.map((peer) => figure(median(peer.map((load, round) => rate(ours[round]) / rate(load))))),
    String(ours.reduce((sum, { lost }) => sum + lost, 0)),
    ...[ours, ...peers].map(microseconds),
  ];
}
