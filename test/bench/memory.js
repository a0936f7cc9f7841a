import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { payloadFiles } from '../setup/payload.js';
import { startRegistry } from '../setup/registry.js';
import { figure, printTable } from './figures.js';
import { MIB, rootPath, withLab } from './lab.js';
import { forgetPeak, load } from './load.js';

const SIZES = { full: { blob: 1024 * MIB, clients: 64 }, smoke: { blob: 32 * MIB, clients: 8 } };
/** Of performance: what a host with many other things to do can spare, in MiB. */
const TARGETS = { filling: 250, hot: 200 };

/**
 * What the server keeps in memory while many read one large blob, first while it is downloaded, then from the disk.
 * @param {{ smoke: boolean }} options
 */
export async function benchMemory({ smoke }) {
  const { blob, clients } = smoke ? SIZES.smoke : SIZES.full;
  await withLab(async (lab) => {
    const registry = lab.started(await startRegistry());
    const squashfs = lab.noise('root.squashfs', blob);
    const { kernel, initramfs } = payloadFiles('amd64');
    const image = `${registry.host}/os/bench:1`;
    await lab.build(image, { kernel, initramfs, squashfs });
    rmSync(join(lab.folder, 'root.squashfs'));
    const server = await lab.serve(image, { registry: registry.host });
    const { path } = rootPath(await server.script());
    const rows = [];
    for (const state of /** @type {const} */ (['filling', 'hot'])) {
      forgetPeak(server.pid);
      const { peakBytes, bytes, seconds } = await load({ ...server, path }, { connections: clients, requests: 1 });
      const peak = peakBytes / MIB;
      rows.push([
        state,
        figure(bytes / MIB / seconds),
        figure(peak),
        String(TARGETS[state]),
        figure(peak / TARGETS[state]),
      ]);
    }
    printTable(
      `resident memory while ${clients} clients read one blob of ${blob / MIB} MiB`,
      ['blob', 'MiB/s', 'peak MiB', 'at most', 'ratio'],
      rows,
    );
  });
}
