import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../setup/command.js';
import { startLeaseServer } from '../setup/dnsmasq.js';
import { grubIso } from '../setup/grub-iso.js';
import { busyboxProgram } from '../setup/parts.js';
import { bootMachine } from '../setup/qemu.js';
import { Segment } from '../setup/segment.js';
import { figure, inTurn, median, printTable } from './figures.js';
import { SCRIPT_PATH, withLab } from './lab.js';
import { startNginx } from './nginx.js';

const SERVER = '192.168.77.1';
/** Boots that do not count: a program that has just started is slower for its first thousands of answers. */
const WARMING = 8;
/** What the script says last. */
const STARTS = 'BENCH-STARTS';

/**
 * Boots of one machine, whose iPXE reads an ISO as a disc, from us and from nginx, which sends the same file: it is in memory. nginx
 * serves both scripts too, which say from which of them the ISO is read.
 * @param {{ smoke: boolean }} options
 */
export async function benchSanboot({ smoke }) {
  const boots = smoke ? 1 : 10;
  await withLab(async (lab) => {
    const iso = join(lab.folder, 'made.iso');
    writeFileSync(iso, await grubIso('amd64'));
    const image = `oci:${join(lab.folder, 'image')}:1`;
    await lab.build(image, { iso });
    const segment = lab.started(await Segment.start());
    const { ours, peer, script } = await startBoth(lab, image, segment.network.within);
    const more = [`dhcp-boot=http://${SERVER}:${peer.port}/script`];
    lab.started(await startLeaseServer(await segment.addHost('192.168.77.2/24'), { more }));
    const tap = await segment.addTap();
    const one = (/** @type {Target} */ { port, path }) => {
      const text = `#!ipxe\necho ${STARTS}\nsanboot --no-describe http://${SERVER}:${port}${path}\n`;
      return () => {
        writeFileSync(script, text);
        return bootSeconds(tap);
      };
    };
    if (!smoke) await inTurn(WARMING, one(ours), one(peer));
    report(await inTurn(boots, one(ours), one(peer)));
  });
}

/** @param {Awaited<ReturnType<typeof inTurn<number>>>} compared */
function report({ ours, peer, ratio }) {
  // What else the machine does makes boots slower, never faster.
  const [fastest, peers] = [Math.min(...ours), Math.min(...peer)];
  printTable(
    'an ISO that a BIOS boots by sanboot, against nginx with sendfile: from the script until the system has started',
    ['boots', 's', 'nginx', 'ratio', 'fastest s', 'nginx', 'ratio'],
    [
      [
        String(ours.length),
        ...[figure(median(ours)), figure(median(peer)), figure(ratio((seconds) => seconds))],
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

/** @typedef {{ port: number, path: string }} Target */

/**
 * Ours, which has the ISO in its cache, and an nginx that serves it from there, and a file that it serves as `/script`.
 * @param {import('./lab.js').Lab} lab @param {string} image @param {readonly string[]} within
 * @returns {Promise<{ ours: Target, peer: Target, script: string }>}
 */
async function startBoth(lab, image, within) {
  const place = { address: SERVER, within };
  const { port, data } = await lab.serve(image, { ...place, assigned: 'boot: iso' });
  const nginx = lab.started(await startNginx(lab.folder, place));
  const fetched = (/** @type {Target} */ target, to = '/dev/null') => {
    const url = `http://${SERVER}:${target.port}${target.path}`;
    const [command = '', ...args] = [...within, busyboxProgram(), 'wget', '-q', '-O', to, url];
    return run(command, args);
  };
  const script = await fetched({ port, path: SCRIPT_PATH }, '-');
  const [path, hex = ''] = /\/blobs\/sha256\/([0-9a-f]+)\/\S+/.exec(script) ?? [];
  if (path === undefined) throw new Error(`the script names no ISO:\n${script}`);
  const ours = { port, path };
  const peer = { port: nginx.port, path: join(data, 'cache/blobs/sha256', hex).slice(lab.folder.length) };
  // The first download fills the cache, which nginx then serves from as well.
  await fetched(ours);
  await fetched(peer);
  return { ours, peer, script: join(lab.folder, 'script') };
}
