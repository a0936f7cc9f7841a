import { join } from 'node:path';
import { payloadFiles } from '../setup/payload.js';
import { allInTurn, figure, median, printTable, ratioOf } from './figures.js';
import { MIB, rootPath, withLab } from './lab.js';
import { load } from './load.js';
import { PROXY, startNginxBefore } from './nginx.js';

const GIB = 1024 * MIB;
const SIZES = { full: { blob: 64 * MIB, rounds: 3 }, smoke: { blob: 8 * MIB, rounds: 1 } };
const LOCATION = '/bootlayer-cache/';

/** @typedef {import('./load.js').Measured} Measured */

/**
 * A blob that nginx in front sends from the cache (X-Accel-Redirect), against this server alone and nginx alone: all three in turn, the
 * same file, and the same two processes.
 * @param {{ smoke: boolean }} options
 */
export async function benchAccel({ smoke }) {
  const sizes = smoke ? SIZES.smoke : SIZES.full;
  await withLab(async (lab) => {
    const { kernel, initramfs } = payloadFiles('amd64');
    const image = `oci:${join(lab.folder, 'image')}:1`;
    await lab.build(image, { kernel, initramfs, squashfs: lab.noise('root.squashfs', sizes.blob) });
    const http = `, trustedProxies: ${PROXY}, accelRedirect: ${LOCATION}`;
    const handed = { isSeen: false };
    const server = await lab.serve(image, {
      http,
      onLog: (line) => {
        handed.isSeen ||= line['isHanded'] === true;
      },
    });
    const root = rootPath(await server.script());
    // The first download fills the cache.
    await (await fetch(`http://${server.http}${root.path}`)).arrayBuffer();
    const cache = join(server.data, 'cache');
    const nginx = lab.started(await startNginxBefore(lab.folder, { upstream: server.http, location: LOCATION, cache }));

    const path = join(cache, 'blobs/sha256', root.hex).slice(lab.folder.length);
    await compare(
      [
        { ...nginx, path: root.path, behind: server.pid },
        { port: server.port, pid: server.pid, path: root.path },
        { ...nginx, path },
      ],
      sizes,
    );
    if (!handed.isSeen) throw new Error('nginx was handed nothing: it only passed on what came');
  });
}

/**
 * @param {readonly import('./load.js').Target[]} targets both together, ours, nginx
 * @param {{ blob: number, rounds: number }} sizes
 */
async function compare(targets, { blob, rounds }) {
  const rate = (/** @type {Measured} */ { bytes, seconds }) => bytes / MIB / seconds;
  const cost = (/** @type {Measured} */ { bytes, processorSeconds }) =>
    Math.max(processorSeconds, 0.01) / (bytes / GIB);
  const rows = [];
  for (const connections of [1, 8, 64]) {
    const requests = Math.max(1, 8 / connections);
    const works = targets.map((target) => () => load(target, { connections, requests }));
    const [both = [], ours = [], nginx = []] = await allInTurn(rounds, works);
    const columns = [rate, cost].flatMap((one) => [
      figure(median(both.map(one))),
      figure(ratioOf(both, ours, one)),
      figure(ratioOf(both, nginx, one)),
    ]);
    rows.push([String(connections), ...columns]);
  }
  printTable(
    `a cached blob of ${blob / MIB} MiB that nginx in front sends, against this server alone and nginx alone`,
    ['clients', 'MiB/s', 'of ours', 'of nginx', 'cpu s/GiB', 'of ours', 'of nginx'],
    rows,
  );
}
