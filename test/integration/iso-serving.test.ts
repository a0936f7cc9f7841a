import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/oci/digest.js';
import { ask } from '../fixtures/ask.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildIsoImage } from '../fixtures/iso-images.js';
import { scriptFrom, serve } from '../fixtures/serving.js';
import { Dice } from '../full/dice.js';
import { isoImage } from '../setup/iso.js';
import { memoryBytes } from '../setup/memory-bytes.js';
import { startRegistry } from '../setup/registry.js';

/** Against Debian's docker-registry: an ISO is fetched of it once, however it is read here. */

const [KIB, MIB] = [1024, 1024 ** 2];
const [READS, DOWNLOADS] = [3_000, 64];
const FILES = {
  'casper/vmlinuz': 'kernel',
  'casper/initrd': 'initramfs',
  'casper/filesystem.squashfs': randomBytes(16 * MIB),
};

/** Passes on what a registry on loopback says; `asked`: of a blob with that in its path. Ends with the test. */
async function startCounter(host: string) {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(host.split(':')[1]), '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (piece) => heard.push(piece.toString('latin1')));
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const asked = (path: string) => heard.join('').split(`GET ${path} `).length - 1;
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function hashOf(url: string, agent: Agent): Promise<string> {
  const asking = request(url, { agent });
  asking.end();
  const [head] = (await once(asking, 'response')) as [IncomingMessage];
  const hash = createHash('sha256');
  for await (const piece of head as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}

it('gives thousands of small parts by one connection, and many at once all of it, of one download', async () => {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  const iso = await isoImage({ files: FILES });
  const reference = `${registry.host}/os:1`;
  await buildIsoImage({ reference, architecture: 'amd64', more: ['--plain-http'] }, iso);
  const counter = await startCounter(registry.host);
  const config = await writeConfiguration(await temporaryFolder(), {
    plainHttp: [counter.host],
    assignments: [`{ name: all, match: {}, image: "${counter.host}/os:1" }`],
  });
  // What begins is told at that level.
  const within = ['sh', '-c', 'exec "$@" --log-level debug', 'sh'];
  const { server, log } = await serve(config, { within });
  const hex = digestOf(iso).slice('sha256:'.length);
  const asked = () => counter.asked(`/v2/os/blobs/sha256:${hex}`);
  expect(await scriptFrom(server)).toContain(hex);
  const url = `http://${server.http}/blobs/sha256/${hex}/image.iso`;

  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const { head } = await ask(url, { agent, method: 'HEAD' });
  expect(head).toMatchObject({ statusCode: 200, headers: { 'content-length': String(iso.length) } });
  const sockets = new Set<Socket>();
  const dice = new Dice(1);
  let bytes = 0;
  for (let read = 0; read < READS; read += 1) {
    const length = 2 * KIB + dice.below(14 * KIB);
    const start = dice.below(iso.length - length);
    const answer = await ask(url, { agent, headers: { range: `bytes=${start}-${start + length - 1}` } });
    sockets.add(answer.head.socket);
    expect([read, answer.head.statusCode]).toEqual([read, 206]);
    expect([read, answer.body.equals(iso.subarray(start, start + length))]).toEqual([read, true]);
    bytes += length;
  }
  expect(sockets.size).toBe(1);
  // What it holds was looked at before, of some parts.
  const askedBefore = asked();

  const many = new Agent({ keepAlive: false });
  const hashes = await Promise.all(Array.from({ length: DOWNLOADS }, () => hashOf(url, many)));
  expect(new Set(hashes)).toEqual(new Set([hex]));
  const peak = memoryBytes('VmHWM', server.process.pid);
  expect(asked()).toBe(askedBefore);
  // They had 1 GiB in all.
  expect(peak).toBeLessThan(384 * MIB);

  // Who reads a disc is done where nobody reads on, or where the server ends.
  await server.stop();
  await expect.poll(() => log.filter(({ event }) => event === 'fill.finished')).toMatchObject([{ bytes: iso.length }]);
  for (const event of ['artifact.started', 'artifact.sent']) {
    const told = log.filter((line) => line.event === event && line.role === 'iso');
    expect([event, told.length]).toEqual([event, 1 + DOWNLOADS]);
    expect(told.filter(({ isDisc }) => isDisc)).toMatchObject([
      event === 'artifact.sent' ? { reads: READS, bytes } : {},
    ]);
  }
});
