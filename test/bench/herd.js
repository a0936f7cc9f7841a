import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { payloadFiles } from '../setup/payload.js';
import { startRegistry } from '../setup/registry.js';
import { figure, median, printTable } from './figures.js';
import { MIB, rootPath, withLab } from './lab.js';
import { load } from './load.js';
import { startCachingNginx } from './nginx.js';

const SIZES = { full: { blob: 64 * MIB, clients: 200, rounds: 5 }, smoke: { blob: 4 * MIB, clients: 20, rounds: 1 } };

/**
 * A rack that wakes up: all want one blob at once that nobody has yet, from us and from nginx as a cache that is told to ask
 * once (proxy_cache_lock). Both ask docker-registry by way of a counter.
 * @param {{ smoke: boolean }} options
 */
export async function benchHerd({ smoke }) {
  const { blob, clients, rounds } = smoke ? SIZES.smoke : SIZES.full;
  await withLab(async (lab) => {
    const registry = lab.started(await startRegistry());
    const counter = lab.started(await startCounter(Number(registry.host.split(':')[1])));
    const squashfs = lab.noise('root.squashfs', blob);
    const { kernel, initramfs } = payloadFiles('amd64');
    const image = `${counter.host}/os/bench:1`;
    await lab.build(image, { kernel, initramfs, squashfs });
    rmSync(squashfs);

    /** @type {Herd[]} */
    const ours = [];
    /** @type {Herd[]} */
    const theirs = [];
    const herd = async (/** @type {import('./load.js').Target} */ target) => {
      const before = counter.bytes();
      const { seconds, firsts } = await load(target, { connections: clients, requests: 1 });
      return { seconds, first: median(firsts), upstream: (counter.bytes() - before) / blob };
    };
    for (let round = 0; round < rounds; round += 1) {
      const server = await lab.serve(image, { registry: counter.host });
      const script = await server.script();
      const root = rootPath(script);
      await download(script);
      ours.push(await herd({ ...server, path: root.path }));
      await server.stop();
      const nginx = await startCachingNginx(counter.host);
      theirs.push(await herd({ ...nginx, path: `/v2/os/bench/blobs/sha256:${root.hex}` }));
      await nginx.stop();
    }
    report({ blob, clients, ours, theirs });
  });
}

/** @typedef {{ seconds: number, first: number, upstream: number }} Herd `upstream`: how often the blob was fetched */

/** @param {{ blob: number, clients: number, ours: Herd[], theirs: Herd[] }} measured */
function report({ blob, clients, ours, theirs }) {
  const of = (/** @type {keyof Herd} */ name) => {
    const [mine, peers] = [ours.map((one) => one[name]), theirs.map((one) => one[name])];
    const ratio = median(mine.map((one, round) => one / (peers[round] ?? Number.NaN)));
    return [figure(median(mine)), figure(median(peers)), figure(ratio)];
  };
  printTable(
    `${clients} clients at once for one blob of ${blob / MIB} MiB that is not there yet, against nginx with proxy_cache_lock`,
    ['', 'ours', 'nginx', 'ratio'],
    [
      ['fetched from the registry, times', ...of('upstream')],
      ['until all have it, s', ...of('seconds')],
      ['first byte, median, ms', ...of('first')],
    ],
  );
}

/** What a script has downloaded at once is not to be counted. @param {string} script */
async function download(script) {
  for (const [url] of script.matchAll(/http:\S+\/(?:vmlinuz|initrd)\b/g)) await (await fetch(url)).arrayBuffer();
}

/** Passes everything on and counts what comes back. @param {number} port */
async function startCounter(port) {
  let bytes = 0;
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (data) => {
      bytes += data.length;
    });
    client.pipe(upstream).pipe(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the counter listens nowhere');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { host: `127.0.0.1:${address.port}`, bytes: () => bytes, stop };
}
