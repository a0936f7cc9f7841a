import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../setup/command.js';
import { isoImage } from '../setup/iso.js';
import { payloadFiles } from '../setup/payload.js';
import { figure, inTurn, median, printTable, quantile } from './figures.js';
import { MIB, rootPath, SCRIPT_PATH, withLab } from './lab.js';
import { load } from './load.js';
import { startNginx } from './nginx.js';

const [KIB, GIB] = [1024, 1024 * MIB];
const SIZES = {
  full: { blob: 512 * MIB, disc: 128 * MIB, range: 4 * MIB, rounds: 5, requests: 200, reads: 4_000 },
  smoke: { blob: 8 * MIB, disc: 4 * MIB, range: MIB, rounds: 1, requests: 5, reads: 40 },
};

/**
 * Blobs and scripts against nginx sending the same bytes from files: one client process, both servers in turn.
 * @param {{ smoke: boolean }} options
 */
export async function benchHttp({ smoke }) {
  const sizes = smoke ? SIZES.smoke : SIZES.full;
  await withLab(async (lab) => {
    const squashfs = lab.noise('root.squashfs', sizes.blob);
    const { kernel, initramfs } = payloadFiles('amd64');
    const image = `oci:${join(lab.folder, 'image')}:1`;
    // Of such a layer, thousands of small parts are told as one transfer.
    const noise = lab.noise('noise', sizes.disc);
    const iso = join(lab.folder, 'disc.iso');
    writeFileSync(iso, await isoImage({ files: { noise: readFileSync(noise) } }));
    const disc = createHash('sha256').update(readFileSync(iso)).digest('hex');
    await lab.build(image, { kernel, initramfs, squashfs, iso });
    for (const file of [squashfs, noise, iso]) rmSync(file);
    const server = await lab.serve(image);
    const www = join(lab.folder, 'www');
    mkdirSync(www);
    const nginx = lab.started(await startNginx(lab.folder));

    const script = await server.script();
    writeFileSync(join(www, 'script'), script);
    const root = rootPath(script);
    // The first download fills the cache, which nginx then serves from as well.
    await (await fetch(`http://${server.http}${root.path}`)).arrayBuffer();
    const file = join(server.data, 'cache/blobs/sha256', root.hex);
    const ours = { port: server.port, pid: server.pid };

    const path = file.slice(lab.folder.length);
    await benchBlobs({ ...ours, path: root.path }, { ...nginx, path }, { ...sizes, file });
    const discPath = `/blobs/sha256/${disc}/disc.iso`;
    await (await fetch(`http://${server.http}${discPath}`)).arrayBuffer();
    await benchReads({ ...ours, path: discPath }, { ...nginx, path: join(dirname(path), disc) }, sizes);
    await benchScripts({ ...ours, path: SCRIPT_PATH }, { ...nginx, path: '/www/script' }, sizes);
  });
}

/** @typedef {import('./load.js').Target} Target */

/**
 * `range`: how much each request of a part is for.
 * @param {Target} ours
 * @param {Target} peer
 * @param {{ blob: number, range: number, rounds: number, file: string }} sizes
 */
async function benchBlobs(ours, peer, { blob, range, rounds, file }) {
  const rows = [];
  for (const heat of ['hot', 'cold']) {
    for (const part of ['whole', 'parts']) {
      for (const connections of [1, 8, 64]) {
        const least = part === 'whole' ? 8 : (2 * blob) / range;
        const requests = Math.max(1, Math.round(least / connections));
        const parts = part === 'whole' ? {} : { range: { bytes: range, of: blob } };
        const one = (/** @type {Target} */ target) => async () => {
          if (heat === 'cold') await dropFromMemory(file);
          // What is cold is so once.
          return load(target, { connections, requests: heat === 'cold' && part === 'whole' ? 1 : requests, ...parts });
        };
        const compared = await inTurn(rounds, one(ours), one(peer));
        rows.push([`${heat}, ${part}`, String(connections), ...columnsOf(compared)]);
      }
    }
  }
  printTable(
    `a cached blob of ${blob / MIB} MiB over HTTP, whole and in parts of ${range / MIB} MiB, against nginx with sendfile`,
    ['memory', 'clients', 'MiB/s', 'nginx', 'ratio', 'cpu s/GiB', 'ratio', 'peak MiB'],
    rows,
  );
}

/** @param {Awaited<ReturnType<typeof inTurn<import('./load.js').Measured>>>} compared */
function columnsOf(compared) {
  const rate = (/** @type {import('./load.js').Measured} */ { bytes, seconds }) => bytes / MIB / seconds;
  const cost = (/** @type {import('./load.js').Measured} */ { bytes, processorSeconds }) =>
    Math.max(processorSeconds, 0.01) / (bytes / GIB);
  return [
    figure(median(compared.ours.map(rate))),
    figure(median(compared.peer.map(rate))),
    figure(compared.ratio(rate)),
    figure(median(compared.ours.map(cost))),
    figure(compared.ratio(cost)),
    figure(Math.max(...compared.ours.map(({ peakBytes }) => peakBytes)) / MIB),
  ];
}

/** The file's pages, so that the disk is read again (posix_fadvise(2), POSIX_FADV_DONTNEED). @param {string} file */
async function dropFromMemory(file) {
  await run('dd', [`if=${file}`, 'iflag=nocache', 'count=0']);
}

/**
 * As an ISO is read as a disc, each part when the one before is there: what counts is how soon that is.
 * @param {Target} ours
 * @param {Target} peer
 * @param {{ disc: number, rounds: number, reads: number }} sizes
 */
async function benchReads(ours, peer, { disc, rounds, reads }) {
  const rows = [];
  for (const connections of [1, 16]) {
    const range = { least: 2 * KIB, bytes: 16 * KIB, of: disc };
    const requests = Math.round(reads / connections);
    const one = (/** @type {Target} */ target) => () => load(target, { connections, requests, range });
    rows.push([String(connections), ...answersOf(await inTurn(rounds, one(ours), one(peer)))]);
  }
  printTable(
    'an ISO read as a disc, 2 to 16 KiB here and there, against nginx',
    ['clients', 'parts/s', ...ANSWERS],
    rows,
  );
}

const ANSWERS = ['nginx', 'ratio', 'p99 ms', 'ratio'];

/** How many a second, and how late the latest. @param {Awaited<ReturnType<typeof inTurn<import('./load.js').Measured>>>} compared */
function answersOf(compared) {
  const rate = (/** @type {import('./load.js').Measured} */ { latencies, seconds }) => latencies.length / seconds;
  const p99 = (/** @type {import('./load.js').Measured} */ { latencies }) => quantile(latencies, 0.99);
  return [
    figure(median(compared.ours.map(rate))),
    figure(median(compared.peer.map(rate))),
    figure(compared.ratio(rate)),
    figure(median(compared.ours.map(p99))),
    figure(compared.ratio(p99)),
  ];
}

/** @param {Target} ours @param {Target} peer @param {{ rounds: number, requests: number }} sizes */
async function benchScripts(ours, peer, { rounds, requests }) {
  const connections = 64;
  const one = (/** @type {Target} */ target) => () => load(target, { connections, requests });
  const compared = await inTurn(rounds, one(ours), one(peer));
  printTable(
    'the script of a known machine, against nginx sending the same bytes from a file',
    ['clients', 'scripts/s', ...ANSWERS],
    [[String(connections), ...answersOf(compared)]],
  );
}
