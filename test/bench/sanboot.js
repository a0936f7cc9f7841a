import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../setup/command.js';
import { startLeaseServer } from '../setup/dnsmasq.js';
import { grubIso } from '../setup/grub-iso.js';
import { busyboxProgram } from '../setup/parts.js';
import { bootMachine } from '../setup/qemu.js';
import { Segment } from '../setup/segment.js';
import { figure, inTurn, median, printTable, quantile } from './figures.js';
import { SCRIPT_PATH, withLab } from './lab.js';
import { load } from './load.js';
import { LOOPBACK, startNginx } from './nginx.js';

const SIZES = { full: { boots: 10, rounds: 5, requests: 5_000 }, smoke: { boots: 1, rounds: 1, requests: 50 } };
const KIB = 1024;
/** What iPXE asks for at a time: a sector of a CD at least, and as a BIOS reads at most in GRUB. */
const PARTS = [2 * KIB, 16 * KIB];
const SERVER = '192.168.77.1';
/** What the script says last. */
const STARTS = 'BENCH-STARTS';

/**
 * An ISO that iPXE reads as a disc, against nginx sending the same file: whole boots of a machine, and by themselves the small
 * parts they are made of.
 * @param {{ smoke: boolean }} options
 */
export async function benchSanboot({ smoke }) {
  const sizes = smoke ? SIZES.smoke : SIZES.full;
  await withLab(async (lab) => {
    const contents = await grubIso('amd64');
    const iso = join(lab.folder, 'made.iso');
    writeFileSync(iso, contents);
    const image = `oci:${join(lab.folder, 'image')}:1`;
    await lab.build(image, { iso });
    await benchBoots(lab, { image, ...sizes });
    await benchParts(lab, { image, bytes: contents.length, ...sizes });
  });
}

/** @typedef {import('./lab.js').Lab} Lab */
/** @typedef {{ image: string, boots: number, rounds: number, requests: number }} Work */

/**
 * Both with the ISO in memory, the same file. nginx serves the script too, which says of which server the ISO is read.
 * @param {Lab} lab @param {Work} work
 */
async function benchBoots(lab, { image, boots }) {
  const segment = lab.started(await Segment.start());
  const { ours, peer, www } = await startBoth(lab, image, { address: SERVER, within: segment.network.within });
  const more = [`dhcp-boot=http://${SERVER}:${peer.port}/www/script`];
  lab.started(await startLeaseServer(await segment.addHost('192.168.77.2/24'), { more }));
  const tap = await segment.addTap();
  const one = (/** @type {Target} */ { port, path }) => {
    const url = `http://${SERVER}:${port}${path}`;
    return () => {
      writeFileSync(join(www, 'script'), `#!ipxe\necho ${STARTS}\nsanboot --no-describe ${url}\n`);
      return bootSeconds(tap);
    };
  };
  const { ours: mine, peer: theirs, ratio } = await inTurn(boots, one(ours), one(peer));
  const [fastest, peers] = [Math.min(...mine), Math.min(...theirs)];
  printTable(
    'an ISO that a BIOS boots by sanboot, against nginx with sendfile: from the script until the system has started',
    ['boots', 's', 'nginx', 'ratio', 'fastest s', 'nginx', 'ratio'],
    [
      [
        String(boots),
        ...[figure(median(mine)), figure(median(theirs)), figure(ratio((seconds) => seconds))],
        ...[figure(fastest), figure(peers), figure(fastest / peers)],
      ],
    ],
  );
}

/** @param {{ name: string, within: readonly string[] }} tap */
async function bootSeconds(tap) {
  /** @type {number | undefined} */
  let started;
  let seconds = Number.NaN;
  const onLine = (/** @type {string} */ line) => {
    if (line.includes(STARTS)) started ??= performance.now();
    if (started !== undefined && line.startsWith('BOOT-OK ')) seconds = (performance.now() - started) / 1000;
  };
  await bootMachine({ firmware: 'bios', architecture: 'amd64', tap, onLine });
  return seconds;
}

/** One after the other on one connection, as iPXE asks. @param {Lab} lab @param {Work & { bytes: number }} work `bytes`: of the ISO */
async function benchParts(lab, { image, bytes: of, rounds, requests }) {
  const { ours, peer } = await startBoth(lab, image, LOOPBACK);
  const rows = [];
  for (const bytes of PARTS) {
    const one = (/** @type {Target} */ target) => () =>
      load(target, { connections: 1, requests, range: { bytes, of } });
    const compared = await inTurn(rounds, one(ours), one(peer));
    const columns = [0.5, 0.99].flatMap((share) => {
      const of = (/** @type {import('./load.js').Measured} */ { latencies }) => quantile(latencies, share);
      return [median(compared.ours.map(of)), median(compared.peer.map(of)), compared.ratio(of)];
    });
    rows.push([String(bytes / KIB), ...columns.map((value) => value.toFixed(3))]);
  }
  printTable(
    `parts of that ISO, ${requests} in a row on one connection, against nginx with sendfile`,
    ['KiB', 'median ms', 'nginx', 'ratio', 'p99 ms', 'nginx', 'ratio'],
    rows,
  );
}

/** @typedef {import('./load.js').Target} Target */

/**
 * Ours, which has the ISO in its cache, and an nginx that serves it from there, and what is in the folder `www`.
 * @param {Lab} lab @param {string} image @param {import('./nginx.js').Place} place
 */
async function startBoth(lab, image, place) {
  const { port, pid, data } = await lab.serve(image, { ...place, assigned: 'boot: iso' });
  const nginx = lab.started(await startNginx(lab.folder, place));
  const www = join(lab.folder, 'www');
  mkdirSync(www, { recursive: true });
  const fetched = (/** @type {number} */ from, /** @type {string} */ path, to = '/dev/null') => {
    const url = `http://${place.address}:${from}${path}`;
    const [command = '', ...args] = [...place.within, busyboxProgram(), 'wget', '-q', '-O', to, url];
    return run(command, args);
  };
  const script = await fetched(port, SCRIPT_PATH, '-');
  const [path = '', hex = ''] = /\/blobs\/sha256\/([0-9a-f]+)\/\S+/.exec(script) ?? [];
  // The first download fills the cache, which nginx then serves from as well.
  await fetched(port, path);
  const file = join(data, 'cache/blobs/sha256', hex).slice(lab.folder.length);
  await fetched(nginx.port, file);
  return { ours: { port, pid, path }, peer: { ...nginx, path: file }, www };
}
