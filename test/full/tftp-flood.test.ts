import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { hexOf } from '../../src/oci/digest.js';
import { blobOf } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';
import { atftp, busybox, curl, fetchByTftp, type TftpClient } from '../fixtures/tftp-clients.js';
import { memoryBytes } from '../setup/memory-bytes.js';
import { NetworkNamespace } from '../setup/network-namespace.js';
import { type LogLine, startServer } from '../setup/server.js';

const FLOOD = fileURLToPath(new URL('tftp-flood.js', import.meta.url));
const MIB = 1024 * 1024;
const WARM = 100_000;
const COUNT = 1_000_000;
const FILE = blobOf(2 * MIB, 1);
/** Transfers at once, each with a socket and a file. */
const MOST_DESCRIPTORS = 2 * 500 + 100;

const CLIENTS: readonly TftpClient[] = [
  atftp('blksize 1468', 'windowsize 16'),
  curl('--tftp-blksize', '1468'),
  busybox('-b', '1468'),
];

it('serves its clients while a million datagrams come that nobody should send', async () => {
  const folder = await temporaryFolder();
  const network = await NetworkNamespace.start();
  onTestFinished(async () => void (await network.stop()));
  await writeFile(join(folder, 'kernel'), FILE.bytes);
  const image = `oci:${join(folder, 'image')}:1`;
  await bootlayer(['image', 'build', '--platform', 'linux/amd64', '--kernel', join(folder, 'kernel'), image]);
  const config = await writeConfiguration(folder, { assignments: [`{ name: all, match: {}, image: "${image}" }`] });
  const log: LogLine[] = [];
  const server = await startServer(config, { within: network.within, onLog: (line) => log.push(line) });
  onTestFinished(async () => void (await server.stop()));
  const [host, port = ''] = server.tftp.split(':');
  const path = `blobs/sha256/${hexOf(FILE.descriptor.digest)}/kernel`;

  const flood = async (count: number, seed: number) => {
    const job = JSON.stringify({ host, port: Number(port), path, count, seed });
    const { status, out } = await network.run([process.execPath, FLOOD, job], { seconds: 600 });
    expect({ status, out }).toEqual({ status: 0, out: '' });
  };
  await flood(WARM, 1);
  const before = await usageOf(server.process.pid);
  const lostBefore = await lostAt(network, port);
  let isOver = false;
  const fetched: string[] = [];
  const most = { bytes: 0, descriptors: 0 };
  const watch = async () => {
    for (let turn = 0; !isOver || turn < CLIENTS.length; turn += 1) {
      const client = CLIENTS[turn % CLIENTS.length] as TftpClient;
      fetched.push(await fetchByTftp(network, client, { port, path, tries: 3, seconds: 120 }));
      const { bytes, descriptors } = await usageOf(server.process.pid);
      most.bytes = Math.max(most.bytes, bytes);
      most.descriptors = Math.max(most.descriptors, descriptors);
    }
  };
  const watching = watch();
  const flooding = flood(COUNT, 2).finally(() => (isOver = true));
  await Promise.all([flooding, watching]);

  expect(fetched.filter((digest) => digest !== FILE.descriptor.digest)).toEqual([]);
  // Many of them were read, not lost before anybody saw them.
  expect((await lostAt(network, port)) - lostBefore).toBeLessThan(COUNT * 0.8);
  expect(most.bytes - before.bytes).toBeLessThan(64 * MIB);
  expect(most.descriptors).toBeLessThan(MOST_DESCRIPTORS);
  // Within half a minute, whoever is silent is given up.
  await expect.poll(async () => (await usageOf(server.process.pid)).descriptors, { interval: 1_000 }).toBeLessThan(100);
  expect(log.filter(({ event }) => event === 'fault')).toEqual([]);
  expect(await server.stop()).toBe(0);
});

async function usageOf(pid = 0): Promise<{ bytes: number; descriptors: number }> {
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  return { bytes: memoryBytes('VmRSS', pid), descriptors };
}

/** Datagrams that the system dropped, since the server was behind (proc(5), net/udp). */
async function lostAt(network: NetworkNamespace, port: string): Promise<number> {
  const { out } = await network.run(['cat', '/proc/self/net/udp']);
  const local = `:${Number(port).toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`;
  return Number(
    out
      .split('\n')
      .find((line) => line.includes(local))
      ?.trim()
      .split(/\s+/)
      .at(-1),
  );
}
