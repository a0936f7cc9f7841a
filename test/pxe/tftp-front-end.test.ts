import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ActiveTransfers } from '../../src/booter/active-transfers.js';
import { BootlayerError } from '../../src/errors.js';
import { IpxeBinaries } from '../../src/ipxe/disk-binaries.js';
import { hexOf } from '../../src/oci/digest.js';
import { artifactRoute } from '../../src/pxe/artifact-route.js';
import { binaryRoute } from '../../src/pxe/binary-route.js';
import type { BootFile } from '../../src/pxe/boot-file.js';
import { scriptRoute } from '../../src/pxe/script-route.js';
import { type TftpFrontEnd, tftpFrontEnd } from '../../src/pxe/tftp-front-end.js';
import type { TftpFile } from '../../src/tftp/file.js';
import type { BegunOutcome } from '../../src/tftp/server-parts.js';
import { testBooter } from '../fixtures/booter.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { assignment, MAC } from '../fixtures/mappings.js';
import { contentsOf, resolvedImage } from '../fixtures/plans.js';
import { settled } from '../fixtures/waiting.js';

const CLIENT = { address: '10.0.0.7', port: 2_000 };
const TERMS = { blksize: 512, windowsize: 1, accepted: [] };

async function frontEnd() {
  const image = resolvedImage(['kernel', 'initramfs']);
  const { booter, events } = testBooter({ image, assignments: [assignment({ match: { arch: ['amd64'] } })] });
  await booter.mapped.resolveAll(new AbortController().signal);
  events.length = 0;
  const folder = await temporaryFolder();
  const binaries = new IpxeBinaries([folder]);
  const transfers = new ActiveTransfers();
  const routes = [scriptRoute(booter), artifactRoute(booter), binaryRoute(binaries, booter.transferEvents)];
  const front = tftpFrontEnd({ routes, booter, transfers });
  const kernel = image.artifacts.find(({ role }) => role === 'kernel')?.descriptor ?? expect.unreachable();
  return { front, events, transfers, folder, kernel };
}

async function contentsIn(file: TftpFile): Promise<string> {
  const target = Buffer.alloc(file.size);
  await file.available(0);
  if ('begun' in file) (file as BootFile).begun(() => 0);
  const count = await file.read(target, 0);
  await file.close();
  return target.subarray(0, count).toString();
}

async function open(front: TftpFrontEnd, filename: string, client = CLIENT) {
  const opened = await front.open({ client, filename });
  return opened.kind === 'file' ? { contents: await contentsIn(opened.file) } : opened;
}

describe('TftpFrontEnd', () => {
  it('has the scripts, an autoexec.ipxe in each folder', async () => {
    const { front, events } = await frontEnd();
    const asked = ['boot.ipxe', 'ipxe/boot.ipxe', 'autoexec.ipxe', 'ipxe/autoexec.ipxe', 'a/b/autoexec.ipxe'];
    for (const filename of asked) {
      const { contents = '' } = { contents: '', ...(await open(front, filename)) };
      expect(contents).toMatch(/^#!ipxe\n/);
      expect([filename, /^dhcp /m.test(contents)]).toEqual([filename, filename.endsWith('autoexec.ipxe')]);
    }
    expect(events).toMatchObject(asked.map((file) => ({ event: 'greeting.sent', protocol: 'tftp', file })));
  });

  it('has artifacts and parts of them, under HTTP’s paths', async () => {
    const { front, kernel } = await frontEnd();
    const hex = hexOf(kernel.digest);
    const contents = contentsOf('kernel').toString();
    expect(await open(front, `blobs/sha256/${hex}/vmlinuz`)).toEqual({ contents });
    expect(await open(front, `blobs/sha256/${hex}/2+3/vmlinuz`)).toEqual({ contents: contents.slice(2, 5) });
    for (const slice of [`0+${contents.length + 1}`, `${contents.length}+1`, '0+0']) {
      expect(await open(front, `blobs/sha256/${hex}/${slice}/x`)).toMatchObject({ kind: 'refused', error: 'notFound' });
    }
    expect(await open(front, `blobs/sha256/${'0'.repeat(64)}/x`)).toMatchObject({ error: 'notFound' });
  });

  it('has iPXE binaries, by two paths, and says to the log alone where they are looked for', async () => {
    const { front, events, folder } = await frontEnd();
    await writeFile(join(folder, 'snponly.efi'), 'an iPXE');
    for (const filename of ['snponly.efi', 'ipxe/snponly.efi'])
      expect(await open(front, filename)).toEqual({ contents: 'an iPXE' });
    expect(await open(front, 'undionly.kpxe')).toEqual({
      ...{ kind: 'refused', error: 'notFound' },
      message: 'undionly.kpxe is missing',
    });
    expect(await open(front, 'pxelinux.0', { ...CLIENT, address: '::ffff:10.0.0.8' })).toMatchObject({
      message: 'there is no such file',
    });
    expect(events).toMatchObject([
      {
        event: 'file.refused',
        address: '10.0.0.7',
        file: 'undionly.kpxe',
        ...{ platform: 'BIOS', code: 'NOT_FOUND' },
        reason: expect.stringContaining(folder) as string,
      },
      { event: 'file.refused', address: '10.0.0.8', file: 'pxelinux.0', protocol: 'tftp' },
    ]);
  });

  it('refuses what no route has', async () => {
    const { front } = await frontEnd();
    for (const filename of ['a/b', 'blobs', 'blobs/sha256/x/y', 'ipxe/a/b', 'boot/script/x', '../x']) {
      expect([filename, await open(front, filename)]).toMatchObject([filename, { error: 'notFound' }]);
    }
  });

  it.each<[BegunOutcome, string]>([
    [{ kind: 'complete', isConfirmed: true }, 'artifact.sent'],
    [{ kind: 'complete', isConfirmed: false }, 'artifact.sent'],
    [{ kind: 'aborted', reason: 'gone' }, 'artifact.aborted'],
    [{ kind: 'failed', reason: 'EIO' }, 'artifact.aborted'],
  ])('tells that it ended %o', async (outcome, event) => {
    const { front, events, transfers, kernel } = await frontEnd();
    const filename = `blobs/sha256/${hexOf(kernel.digest)}/vmlinuz`;
    const opened = await front.open({ client: CLIENT, filename });
    if (opened.kind !== 'file') expect.unreachable();
    events.length = 0;
    const ended = front.begun({ client: CLIENT, filename, file: opened.file, terms: TERMS, sent: () => 3 });
    expect([transfers.count, events.map((one) => one.event)]).toEqual([1, ['artifact.started']]);
    ended({ sent: 5, resends: 3, outcome });
    await transfers.idle();
    expect(events.at(-1)).toMatchObject({
      ...{ event, bytes: 5, role: 'kernel', address: '10.0.0.7', protocol: 'tftp' },
      ...{ blksize: 512, windowsize: 1, resends: 3, isConfirmed: outcome.kind === 'complete' && outcome.isConfirmed },
    });
    await opened.file.close();
  });

  it('sends a machine to HTTP for the script of its plan', async () => {
    const { front, events } = await frontEnd();
    for (const path of ['boot/script', `boot/script?mac=${MAC}&buildarch=x86_64`]) {
      const { contents = '' } = { contents: '', ...(await open(front, path)) };
      expect(contents).toMatch(/^chain .*http:\/\/\S*\/boot\/script\?/m);
    }
    expect(events.map(({ event }) => event)).toEqual(['greeting.sent', 'greeting.sent']);
  });

  it('tells of a transfer that never began', async () => {
    const { front, events } = await frontEnd();
    const wanted = { client: CLIENT, filename: 'snponly.efi' };
    front.unbegun(wanted, { kind: 'unanswered' });
    front.unbegun(wanted, { kind: 'failed', reason: 'EIO' });
    await settled();
    const file = { address: '10.0.0.7', protocol: 'tftp', file: 'snponly.efi' };
    expect(events).toEqual([
      { event: 'file.unanswered', ...file },
      { event: 'file.refused', ...file, platform: 'UEFI amd64', reason: 'EIO' },
    ]);
  });

  it('tells the network no more of an error than HTTP does, and the log all of it', async () => {
    const { front, events } = await frontEnd();
    expect(front.explain(new Error('/secret'))).toEqual({
      ...{ error: 'undefined', message: 'internal error', reason: '/secret' },
    });
    expect(events).toMatchObject([{ event: 'fault', reason: '/secret' }]);
    expect(front.explain(new BootlayerError('REGISTRY_DENIED', 'user boot'))).toEqual({
      ...{ error: 'undefined', message: 'the registry refuses access', reason: 'user boot' },
    });
    expect(front.explain(new BootlayerError('BLOB_UNAVAILABLE', 'not now'))).toMatchObject({ message: 'not now' });
  });
});
