import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { after } from '../../src/clock.js';
import type { DatagramPort } from '../../src/net/datagram.js';
import { openUdpPort } from '../../src/net/udp-socket.js';
import { ADMISSION_LIMITS, Admissions } from '../../src/tftp/admission.js';
import { fileOf } from '../../src/tftp/file.js';
import { openRequestPort, openTransferPort } from '../../src/tftp/request-socket.js';
import { TftpServer } from '../../src/tftp/server.js';
import { blobOf } from '../fixtures/blobs.js';

const { bytes } = blobOf(300_000);

/** A server at a real port of loopback. */
async function serve(address: string, { isSinglePort = false } = {}) {
  const at = { address, port: 0 };
  const port = await openRequestPort(at, { fault: (thrown) => expect.unreachable(String(thrown)) });
  const server = new TftpServer({
    port,
    openPort: isSinglePort ? undefined : () => openTransferPort(at),
    open: async () => ({ kind: 'file', file: fileOf(bytes) }),
    explain: () => ({ error: 'undefined', message: 'unused', reason: 'unused' }),
    begun: () => () => undefined,
    unbegun: () => undefined,
    fault: (thrown) => expect.unreachable(String(thrown)),
    admissions: new Admissions(ADMISSION_LIMITS),
    negotiation: { maxBlockSize: 1_468, maxWindowSize: 16 },
    clock: { ticks: () => performance.now(), after },
  });
  onTestFinished(() => server.close());
  return { server, to: port.local };
}

/** Takes a file with these options as RFC 7440 wants it, and answers what came, in order. */
async function take(to: DatagramPort['local'], options: string): Promise<Buffer> {
  const own = await openUdpPort({ address: to.address, port: 0 });
  onTestFinished(() => own.close().catch(() => undefined));
  const pieces: Buffer[] = [];
  const [, blksize = '512'] = /blksize\0(\d+)/.exec(options) ?? [];
  const [, windowsize = '1'] = /windowsize\0(\d+)/.exec(options) ?? [];
  return new Promise((resolve) => {
    own.receive((packet, from) => {
      const ack = (block: number) => own.send(Buffer.from([0, 4, block >> 8, block & 0xff]), from);
      if (packet.readUInt16BE(0) === 6) return ack(0);
      const block = packet.readUInt16BE(2);
      if (block !== pieces.length + 1) return ack(pieces.length);
      pieces.push(packet.subarray(4));
      const isLast = packet.length - 4 < Number(blksize);
      if (isLast || block % Number(windowsize) === 0) ack(block);
      if (isLast) resolve(Buffer.concat(pieces));
    });
    own.send(Buffer.from(`\0\x01file\0octet\0${options}`, 'latin1'), to);
  });
}

const hash = (contents: Buffer) => createHash('sha256').update(contents).digest('hex');

describe('TFTP over real sockets', () => {
  it.each([
    ['127.0.0.1', ''],
    ['127.0.0.1', 'blksize\x001468\0'],
    ['127.0.0.1', 'tsize\x000\0blksize\x001468\0windowsize\x0016\0'],
    ['::1', 'blksize\x001448\0windowsize\x004\0'],
  ])('sends by %s with %j', async (address, options) => {
    const { to, server } = await serve(address);
    expect(hash(await take(to, options))).toBe(hash(bytes));
    await expect.poll(() => server.count).toBe(0);
  });

  it('sends to several through one port', async () => {
    const { to } = await serve('127.0.0.1', { isSinglePort: true });
    const all = await Promise.all([1, 2, 3].map(() => take(to, 'blksize\x001000\0windowsize\x008\0')));
    expect(all.map(hash)).toEqual(Array(3).fill(hash(bytes)));
  });

  it('survives what ends the package itself', async () => {
    const { to } = await serve('127.0.0.1');
    const own = await openUdpPort({ address: '127.0.0.1', port: 0 });
    onTestFinished(() => own.close());
    for (const packet of ['', '\0', '\0\x01', '\0\x04', '\0\x09\0\0']) own.send(Buffer.from(packet, 'latin1'), to);
    expect(hash(await take(to, ''))).toBe(hash(bytes));
  });
});
