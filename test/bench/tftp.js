import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram } from '../setup/parts.js';
import { figure, median, printTable } from './figures.js';
import { MIB, withLab } from './lab.js';
import { processorSeconds } from './load.js';
import { startTftpPeer, tftpPeersOf } from './tftp-peers.js';

const CLIENT = fileURLToPath(new URL('tftp-client.js', import.meta.url));
const FULL = { rounds: 2, milliseconds: 1_000, blksizes: [512, 1_468], windows: [1, 4, 16], clients: [1, 50, 200] };
const SMOKE = { rounds: 1, milliseconds: 100, blksizes: [1_468], windows: [1, 16], clients: [1, 50] };

/**
 * Files from the cache by TFTP against the servers that people run, all in one network namespace; the clients are one process.
 * tftpd-hpa and dnsmasq know no windows: they answer with one block at a time.
 * @param {{ smoke: boolean }} options
 */
export async function benchTftp({ smoke }) {
  const sizes = smoke ? SMOKE : FULL;
  const isRoot = process.getuid?.() === 0;
  const peers = tftpPeersOf(isRoot);
  if (!isRoot) console.log('\ntftpd-hpa is left out: it runs as root alone');
  await withLab(async (lab) => {
    const network = lab.started(await NetworkNamespace.start({ hasUsers: isRoot }));
    // tftpd-hpa reads addresses only where there is one that is not loopback's (getaddrinfo(3), AI_ADDRCONFIG).
    await network.run([busyboxProgram(), 'ip', 'address', 'add', '192.0.2.1/32', 'dev', 'lo']);
    const files = { kernel: lab.noise('kernel', MIB), initramfs: lab.noise('initramfs', 32 * MIB) };
    const image = `oci:${join(lab.folder, 'image')}:1`;
    await lab.build(image, files);
    const server = await lab.serve(image, { within: network.within });
    const [host = '', port] = server.tftp.split(':');
    const ours = { name: 'bootlayer', host, port: Number(port) };
    const root = join(lab.folder, 'tftp');
    mkdirSync(root);
    for (const peer of peers) lab.started(startTftpPeer(peer, root, network.within));

    const rows = [];
    for (const [role, file] of Object.entries(files)) {
      const fetch = fetchBy(network, moved(file, root, role));
      for (const target of [ours, ...peers]) await fetchOnce(target, fetch);
      const size = role === 'kernel' ? '1 MiB' : '32 MiB';
      for (const work of worksOf(sizes)) {
        const measured = await inTurn(sizes.rounds, [ours, ...peers], (target) => fetch(target, work), server.pid);
        const how = [work.blksize, work.windowsize, work.clients].map(String);
        rows.push([size, ...how, ...columnsOf(measured)]);
      }
    }
    printTable(
      'files from the cache by TFTP: MiB/s of ours, and the ratio to each peer',
      ['file', 'blksize', 'windowsize', 'clients', 'MiB/s', ...peers.map(({ name }) => name), 'cpu s/GiB', 'stalls'],
      rows,
    );
  });
}

/** @param {typeof FULL} sizes @returns {readonly Work[]} */
function worksOf({ blksizes, windows, clients: counts, milliseconds }) {
  return blksizes.flatMap((blksize) =>
    windows.flatMap((windowsize) => counts.map((clients) => ({ blksize, windowsize, clients, milliseconds }))),
  );
}

/**
 * What answers is up, and ours has the file in its cache from then on.
 * @param {Target} target @param {ReturnType<typeof fetchBy>} fetch
 */
async function fetchOnce(target, fetch) {
  for (let tries = 0; tries < 10; tries += 1) {
    const { bytes } = await fetch(target, { blksize: 1_468, windowsize: 1, clients: 1, milliseconds: 500 });
    if (bytes > 0) return;
  }
  throw new Error(`${target.name} does not answer`);
}

/** Into the folder of the peers, under the path that ours has for it. @param {string} file @param {string} root @param {string} name */
function moved(file, root, name) {
  const hex = createHash('sha256').update(readFileSync(file)).digest('hex');
  const path = `blobs/sha256/${hex}/${name}`;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  renameSync(file, join(root, path));
  return path;
}

/** @typedef {{ name: string, host: string, port: number }} Target */
/** @typedef {import('./tftp-client.js').TftpLoad} TftpLoad */
/** @typedef {Omit<import('./tftp-client.js').TftpJob, 'host' | 'port' | 'path'>} Work */

/** @param {NetworkNamespace} network @param {string} path */
function fetchBy(network, path) {
  return async (/** @type {Target} */ { name, host, port }, /** @type {Work} */ work) => {
    const command = [process.execPath, CLIENT, JSON.stringify({ host, port, path, ...work })];
    const { status, out } = await network.run(command, { seconds: 60 });
    if (status !== 0) throw new Error(`the load client of ${name} ended with ${status}\n${out}`);
    /** @type {TftpLoad} */
    const load = JSON.parse(out);
    return load;
  };
}

/**
 * All of them in turn, so that they see the same machine. The first is ours, whose processor time counts.
 * @param {number} rounds @param {readonly Target[]} targets @param {(target: Target) => Promise<TftpLoad>} fetch @param {number} pid
 */
async function inTurn(rounds, targets, fetch, pid) {
  /** @type {(TftpLoad & { processorSeconds: number })[][]} */
  const measured = [];
  for (let round = 0; round < rounds; round += 1) {
    const row = [];
    for (const target of targets) {
      const before = processorSeconds(pid);
      const load = await fetch(target);
      row.push({ ...load, processorSeconds: processorSeconds(pid) - before });
    }
    measured.push(row);
  }
  return measured;
}

/** @param {Awaited<ReturnType<typeof inTurn>>} measured */
function columnsOf(measured) {
  const rate = (/** @type {TftpLoad | undefined} */ load) =>
    load === undefined ? Number.NaN : load.bytes / MIB / load.seconds;
  const ours = measured.flatMap(([first]) => first ?? []);
  const peers = measured[0]?.slice(1) ?? [];
  return [
    figure(median(ours.map(rate))),
    ...peers.map((_, peer) => figure(median(measured.map((row) => rate(row[0]) / rate(row[peer + 1]))))),
    figure(median(ours.map(({ processorSeconds, bytes }) => Math.max(processorSeconds, 0.01) / (bytes / MIB / 1024)))),
    String(ours.reduce((sum, { stalls }) => sum + stalls, 0)),
  ];
}
