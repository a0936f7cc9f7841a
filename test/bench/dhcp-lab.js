import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Segment } from '../setup/segment.js';
import { startServer } from '../setup/server.js';
import { processorSeconds } from './load.js';

const CLIENT = fileURLToPath(new URL('dhcp-client.js', import.meta.url));
/** Of the client, and in the network of which leases are given. */
const RELAY = '10.77.0.9';

/**
 * @typedef {{ name: string, host: string, pid: number }} Target
 * @typedef {Pick<import('./dhcp-client.js').DhcpJob, 'outstanding' | 'milliseconds' | 'takes'>} Work
 * @typedef {import('./dhcp-client.js').DhcpLoad & { processorSeconds: number }} Measured
 */

/**
 * Servers, ours first, and a relay, each with a network of its own on one segment: answers to a relay go to its port 67, where any
 * number of machines can be played. `dhcp`: the section of our configuration.
 * @param {import('./lab.js').Lab} lab
 * @param {{ dhcp: string, peers: Record<string, import('./dhcp-peers.js').StartPeer> }} parts
 */
export async function startDhcpLab(lab, { dhcp, peers }) {
  const segment = lab.started(await Segment.start('10.77.0.1/16'));
  // First, since a bridge without a host at it is down.
  const relay = await segment.addHost(`${RELAY}/16`);
  const server = lab.started(await startOurs(lab.folder, segment.network.within, dhcp));
  const targets = [{ name: 'bootlayer', host: '10.77.0.1', pid: server.process.pid ?? 0 }];
  for (const [name, start] of Object.entries(peers)) {
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
  return { targets, load };
}

/** With the one binary that is asked for. @param {string} folder @param {readonly string[]} within @param {string} dhcp */
async function startOurs(folder, within, dhcp) {
  const binaries = join(folder, 'ipxe');
  mkdirSync(binaries);
  writeFileSync(join(binaries, 'snponly.efi'), 'no program');
  mkdirSync(join(folder, 'data'));
  const file = join(folder, 'bootlayer.yaml');
  const lines = [
    'advertise: 10.77.0.1',
    'data: data',
    `dhcp: ${dhcp}`,
    `ipxe: { binaries: "${binaries}" }`,
    'assignments: [{ name: all, match: {}, image: "registry.example/os:1" }]',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return startServer(file, { within });
}

/** @param {import('../setup/network-namespace.js').NetworkNamespace} relay @param {Target} target @param {Work & { first: number }} work @returns {Promise<Measured>} */
async function ask(relay, { name, host, pid }, { outstanding, milliseconds, takes, first }) {
  const job = JSON.stringify({ host, relay: RELAY, outstanding, milliseconds, takes, first });
  const before = processorSeconds(pid);
  const { status, out } = await relay.run([process.execPath, CLIENT, job]);
  if (status !== 0) throw new Error(`the load client of ${name} ended with ${status}\n${out}`);
  /** @type {import('./dhcp-client.js').DhcpLoad} */
  const load = JSON.parse(out);
  if (load.offers === 0) throw new Error(`${name} does not answer`);
  return { ...load, processorSeconds: processorSeconds(pid) - before };
}

/** All of them in turn, so that they see the same machine. @param {number} rounds @param {readonly Target[]} targets @param {(target: Target) => Promise<Measured>} load */
export async function inTurn(rounds, targets, load) {
  /** @type {Measured[][]} by target */
  const measured = targets.map(() => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [position, target] of targets.entries()) measured[position]?.push(await load(target));
  return measured;
}
