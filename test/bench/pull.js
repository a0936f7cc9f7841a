import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../setup/command.js';
import { skopeoProgram } from '../setup/parts.js';
import { startRegistry } from '../setup/registry.js';
import { figure, median, printTable } from './figures.js';
import { MIB, withLab } from './lab.js';

const SIZES = { full: { blob: 1024 * MIB, rounds: 5 }, smoke: { blob: 16 * MIB, rounds: 1 } };

/**
 * One large blob from docker-registry to the disk: ours is verified and durable, as its own event tells. The others write
 * to the page cache; what `sync` takes is shown by itself.
 * @param {{ smoke: boolean }} options
 */
export async function benchPull({ smoke }) {
  const { blob, rounds } = smoke ? SIZES.smoke : SIZES.full;
  await withLab(async (lab) => {
    const registry = lab.started(await startRegistry());
    const image = `${registry.host}/os/bench:1`;
    const kernel = lab.noise('kernel', blob);
    const initramfs = join(lab.folder, 'initramfs');
    writeFileSync(initramfs, 'initramfs');
    await lab.build(image, { kernel, initramfs });
    const hex = (await run('sha256sum', [kernel])).split(' ')[0];
    rmSync(kernel);
    const url = `http://${registry.host}/v2/os/bench/blobs/sha256:${hex}`;

    /** @type {Record<string, number[]>} */
    const seconds = { ours: [], curl: [], openssl: [], sync: [], skopeo: [] };
    const afresh = () => touchMemory(lab.folder, blob);
    for (let round = 0; round < rounds; round += 1) {
      await afresh();
      seconds['ours']?.push(await pullByServer(lab, { image, registry: registry.host, hex: hex ?? '' }));
      const file = join(lab.folder, 'downloaded');
      await afresh();
      seconds['curl']?.push(await timed('curl', ['-sSf', '-o', file, url]));
      seconds['openssl']?.push(await timed('openssl', ['dgst', '-sha256', file]));
      seconds['sync']?.push(await timed('sync', ['--data', file]));
      rmSync(file);
      await afresh();
      seconds['skopeo']?.push(await pullBySkopeo(lab.folder, image));
    }
    report(blob, seconds);
  });
}

/** @param {number} blob @param {Record<string, number[]>} seconds */
function report(blob, { ours = [], curl = [], openssl = [], sync = [], skopeo = [] }) {
  const sum = (/** @type {number[][]} */ ...parts) =>
    ours.map((_, round) => parts.reduce((all, part) => all + (part[round] ?? 0), 0));
  const peers = {
    'curl -o': curl,
    'curl -o, then openssl dgst': sum(curl, openssl),
    'curl -o, openssl dgst, sync': sum(curl, openssl, sync),
    'skopeo copy': skopeo,
  };
  printTable(
    `a blob of ${blob / MIB} MiB pulled from docker-registry, verified and durable, against`,
    ['peer', 's', 'peer s', 'ratio'],
    Object.entries(peers).map(([name, theirs]) => [
      name,
      figure(median(ours)),
      figure(median(theirs)),
      figure(median(theirs.map((one, round) => one / (ours[round] ?? Number.NaN)))),
    ]),
  );
}

/**
 * A virtual machine's free memory may be its host's, who gives it back page by page: whoever takes it first pays for the others.
 * @param {string} folder
 * @param {number} bytes
 */
async function touchMemory(folder, bytes) {
  const scratch = join(folder, 'scratch');
  await run('dd', ['if=/dev/zero', `of=${scratch}`, 'bs=1M', `count=${bytes / MIB}`, 'status=none']);
  rmSync(scratch);
}

/** Ahead of need, into an empty cache. @param {import('./lab.js').Lab} lab @param {{ image: string, registry: string, hex: string }} wanted */
async function pullByServer(lab, { image, registry, hex }) {
  /** @type {(seconds: number) => void} */
  let finish = () => undefined;
  /** @type {Promise<number>} */
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  const server = await lab.serve(image, {
    registry,
    prefetch: true,
    onLog: (line) => {
      if (line.event === 'fill.finished' && line['digest'] === `sha256:${hex}`) finish(Number(line['seconds']));
    },
  });
  const ended = server.process.ended.then(() => Promise.reject(new Error('the server ended')));
  const seconds = await Promise.race([finished, ended]);
  ended.catch(() => undefined);
  await server.stop();
  rmSync(server.data, { recursive: true });
  return seconds;
}

/** @param {string} folder @param {string} image */
async function pullBySkopeo(folder, image) {
  const { command, env } = skopeoProgram(folder);
  const layout = join(folder, 'skopeo');
  const args = ['--insecure-policy', 'copy', '--quiet', '--all', '--src-tls-verify=false'];
  const seconds = await timed(command, [...args, `docker://${image}`, `oci:${layout}:1`], env);
  rmSync(layout, { recursive: true });
  return seconds;
}

/** @param {string} command @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env] */
async function timed(command, args, env) {
  const started = performance.now();
  await run(command, args, env === undefined ? {} : { env });
  return (performance.now() - started) / 1000;
}
