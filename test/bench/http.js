import { createCipheriv } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../setup/command.js';
import { payloadFiles } from '../setup/payload.js';
import { PROGRAM, startServer } from '../setup/server.js';
import { figure, inTurn, median, printTable, quantile } from './figures.js';
import { load } from './load.js';
import { startNginx } from './nginx.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const SIZES = { full: { blob: 512 * MIB, rounds: 5, requests: 200 }, smoke: { blob: 8 * MIB, rounds: 1, requests: 5 } };

/**
 * Blobs and scripts against nginx sending the same bytes from files: one client process, both servers in turn.
 * @param {{ smoke: boolean }} options
 */
export async function benchHttp({ smoke }) {
  const sizes = smoke ? SIZES.smoke : SIZES.full;
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-bench-'));
  /** @type {(() => Promise<unknown>)[]} */
  const cleanUp = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const server = await startServer(await configuration(folder, sizes.blob));
    cleanUp.push(server.stop);
    const www = join(folder, 'www');
    mkdirSync(www);
    const nginx = await startNginx(folder);
    cleanUp.push(nginx.stop);
    const ours = { port: Number(server.http.split(':').at(-1)), pid: server.process.pid ?? 0 };

    const query = '/boot/script?mac=52-54-00-12-34-56&buildarch=x86_64&platform=pcbios';
    const script = await (await fetch(`http://${server.http}${query}`)).text();
    writeFileSync(join(www, 'script'), script);
    const url = /\/blobs\/sha256\/([0-9a-f]+)\/root\.squashfs/.exec(script);
    if (url === null) throw new Error(`the script names no squashfs:\n${script}`);
    // The first download fills the cache, which nginx then serves from as well.
    await (await fetch(`http://${server.http}${url[0]}`)).arrayBuffer();
    const blob = { ours: url[0], peer: `/data/cache/blobs/sha256/${url[1]}` };

    await benchBlobs({ ...ours, path: blob.ours }, { ...nginx, path: blob.peer }, sizes);
    await benchScripts({ ...ours, path: query }, { ...nginx, path: '/www/script' }, sizes);
  } finally {
    for (const undo of cleanUp.reverse()) await undo();
  }
}

/** @typedef {import('./load.js').Target} Target */

/** @param {Target} ours @param {Target} peer @param {{ blob: number, rounds: number }} sizes */
async function benchBlobs(ours, peer, { blob, rounds }) {
  const rows = [];
  for (const connections of [1, 8, 64]) {
    const requests = Math.max(1, Math.round(8 / connections));
    const one = (/** @type {Target} */ target) => () => load(target, { connections, requests });
    const compared = await inTurn(rounds, one(ours), one(peer));
    const rate = (/** @type {import('./load.js').Measured} */ { bytes, seconds }) => bytes / MIB / seconds;
    const cost = (/** @type {import('./load.js').Measured} */ { bytes, processorSeconds }) =>
      Math.max(processorSeconds, 0.01) / (bytes / GIB);
    rows.push([
      String(connections),
      figure(median(compared.ours.map(rate))),
      figure(median(compared.peer.map(rate))),
      figure(compared.ratio(rate)),
      figure(median(compared.ours.map(cost))),
      figure(compared.ratio(cost)),
      figure(Math.max(...compared.ours.map(({ peakBytes }) => peakBytes)) / MIB),
    ]);
  }
  printTable(
    `a cached blob of ${blob / MIB} MiB over HTTP, against nginx with sendfile`,
    ['clients', 'MiB/s', 'nginx', 'ratio', 'cpu s/GiB', 'ratio', 'peak MiB'],
    rows,
  );
}

/** @param {Target} ours @param {Target} peer @param {{ rounds: number, requests: number }} sizes */
async function benchScripts(ours, peer, { rounds, requests }) {
  const connections = 64;
  const one = (/** @type {Target} */ target) => () => load(target, { connections, requests });
  const compared = await inTurn(rounds, one(ours), one(peer));
  const rate = (/** @type {import('./load.js').Measured} */ { latencies, seconds }) => latencies.length / seconds;
  const p99 = (/** @type {import('./load.js').Measured} */ { latencies }) => quantile(latencies, 0.99);
  printTable(
    'the script of a known machine, against nginx sending the same bytes from a file',
    ['clients', 'scripts/s', 'nginx', 'ratio', 'p99 ms', 'ratio'],
    [
      [
        String(connections),
        figure(median(compared.ours.map(rate))),
        figure(median(compared.peer.map(rate))),
        figure(compared.ratio(rate)),
        figure(median(compared.ours.map(p99))),
        figure(compared.ratio(p99)),
      ],
    ],
  );
}

/** An image with a large root file system in a layout, and a configuration that maps everybody to it. */
async function configuration(/** @type {string} */ folder, /** @type {number} */ bytes) {
  const root = join(folder, 'root.squashfs');
  writeNoise(root, bytes);
  const { kernel, initramfs } = payloadFiles('amd64');
  const files = ['--kernel', kernel, '--initramfs', initramfs, '--squashfs', root];
  const image = `oci:${join(folder, 'image')}:1`;
  await run(process.execPath, [PROGRAM, 'image', 'build', '--platform', 'linux/amd64', ...files, image]);
  rmSync(root);
  const file = join(folder, 'bootlayer.yaml');
  const assignment = `{ name: all, match: {}, image: "${image}", kernelArgs: { append: ["root={blob.squashfs.url}"] } }`;
  writeFileSync(
    file,
    [
      'advertise: 127.0.0.1',
      'data: data',
      'http: { listen: "127.0.0.1:0" }',
      'api: { listen: "127.0.0.1:0" }',
      'machines: [{ name: node-01, mac: "52:54:00:12:34:56" }]',
      `assignments: [${assignment}]`,
      '',
    ].join('\n'),
  );
  return file;
}

/** Bytes that no file system or link can shorten, the same each time. @param {string} file @param {number} bytes */
function writeNoise(file, bytes) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const out = openSync(file, 'w');
  for (let written = 0; written < bytes; written += MIB) writeSync(out, cipher.update(Buffer.alloc(MIB)));
  closeSync(out);
}
