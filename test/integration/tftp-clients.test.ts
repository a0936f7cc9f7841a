import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hexOf } from '../../src/oci/digest.js';
import { blobOf } from '../fixtures/blobs.js';
import { writeConfiguration } from '../fixtures/configuration.js';
import { bootlayer } from '../fixtures/program.js';
import { atftp, busybox, curl, fetchByTftp, hpa, type TftpClient } from '../fixtures/tftp-clients.js';
import { NetworkNamespace } from '../setup/network-namespace.js';
import { program } from '../setup/parts.js';
import { type LogLine, type Server, startServer } from '../setup/server.js';

/** Real clients, and a network that loses what they and the server say. */
const SMALL = blobOf(10_001, 1);
const MIDDLE = blobOf(100_000, 2);
/** More than 65535 blocks of 512 bytes. */
const LARGE = blobOf(34 * 1024 * 1024, 3);

const CLIENTS: readonly (readonly [string, TftpClient])[] = [
  ['atftp', atftp()],
  ['atftp, blksize 1468, windowsize 8', atftp('blksize 1468', 'windowsize 8')],
  ['atftp, blksize 1024, windowsize 16, timeout 1', atftp('blksize 1024', 'windowsize 16', 'timeout 1')],
  ['tftp-hpa, octet', hpa('octet')],
  ['tftp-hpa, netascii', hpa('netascii')],
  ['curl', curl()],
  ['curl, blksize 1468', curl('--tftp-blksize', '1468')],
  ['busybox', busybox()],
  ['busybox, blksize 1468', busybox('-b', '1468')],
];

describe('TFTP with real clients', () => {
  let folder = '';
  let network: NetworkNamespace;
  let server: Server;
  const log: LogLine[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootlayer-tftp-'));
    const layers = { kernel: SMALL, initramfs: MIDDLE, squashfs: LARGE };
    const files = Object.entries(layers).map(([role, { bytes }]) => ({ role, file: join(folder, role), bytes }));
    for (const { file, bytes } of files) await writeFile(file, bytes);
    const options = files.flatMap(({ role, file }) => [`--${role}`, file]);
    const image = `oci:${join(folder, 'image')}:1`;
    expect((await bootlayer(['image', 'build', '--platform', 'linux/amd64', ...options, image])).status).toBe(0);
    const config = await writeConfiguration(folder, {
      assignments: [`{ name: all, match: { arch: amd64 }, image: "${image}" }`],
    });
    network = await NetworkNamespace.start();
    server = await startServer(config, { within: network.within, onLog: (line) => log.push(line) });
  });

  afterAll(async () => {
    await server.stop();
    await network.stop();
    await rm(folder, { recursive: true });
  });

  const fetchBy = (client: TftpClient, { descriptor: { digest } }: typeof SMALL, tries: number) =>
    fetchByTftp(network, client, {
      port: portOf(server),
      path: `blobs/sha256/${hexOf(digest)}/file`,
      tries,
      seconds: 90,
    });

  describe.each([
    [0, MIDDLE],
    [0.01, MIDDLE],
    [0.05, MIDDLE],
    [0.2, SMALL],
  ])('of whose packets %d are lost', (share, blob) => {
    beforeAll(() => network.lose(share));

    it.concurrent.each(CLIENTS)('%s', async (_name, client) => {
      expect(await fetchBy(client, blob, share === 0 ? 1 : 4)).toBe(blob.descriptor.digest);
    });
  });

  it('go on behind block 65535', async () => {
    await network.lose(0);
    expect(await fetchBy(curl(), LARGE, 1)).toBe(LARGE.descriptor.digest);
    expect(await fetchBy(atftp('windowsize 16'), LARGE, 1)).toBe(LARGE.descriptor.digest);
  });

  it('are told what they cannot have', async () => {
    const port = portOf(server);
    for (const path of ['none', '../../etc/passwd', 'blobs/sha256/0/x', `blobs/sha256/${'0'.repeat(64)}/x`]) {
      const { command } = curl('--path-as-is')(port, path, join(folder, 'nothing'));
      const { libraryPath } = program('curl');
      const ran = await network.run(command, { env: { ...process.env, LD_LIBRARY_PATH: libraryPath } });
      // CURLE_TFTP_NOTFOUND.
      expect([path, ran.status]).toEqual([path, 68]);
    }
    const refused = log.filter(({ event }) => event === 'file.refused').map(({ file, reason }) => `${file}: ${reason}`);
    expect(refused).toContain('none: there is no such file');
    expect(log.filter(({ event }) => event === 'fault')).toEqual([]);
  });
});

function portOf({ tftp }: Server): string {
  return tftp.split(':').at(-1) ?? '';
}
