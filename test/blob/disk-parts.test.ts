import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { readdir, rename, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DiskBlobStore } from '../../src/blob/disk-blob-store.js';
import { besideServer, SERVER } from '../../src/blob/disk-parts.js';
import { hexOf } from '../../src/oci/digest.js';
import { blobOf } from '../fixtures/blobs.js';
import { temporaryFolder } from '../fixtures/folder.js';

const { bytes, descriptor } = blobOf(10_000);
const name = hostname().replace(/\W/g, '_');
const host = `${name}_${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`;
const MINUTE = 60_000;

/** The mark of a command that is no more. */
async function ofDeadProcess(): Promise<string> {
  const child = spawn('true');
  await once(child, 'close');
  return `pull-${host}-${child.pid}-f00`;
}

const inIngest = (folder: string) => readdir(join(folder, 'ingest'));

/** A folder in which a download broke, with the mark of whoever it was. */
async function leftBy(mark: string, minutesAgo = 0): Promise<string> {
  const folder = await temporaryFolder();
  const store = await DiskBlobStore.open(folder);
  const ingest = await store.ingest(descriptor);
  await ingest.write(bytes.subarray(0, 6_000));
  ingest.keep();
  await ingest.close();
  const [name = ''] = await inIngest(folder);
  const path = join(folder, 'ingest', `${hexOf(descriptor.digest)}.${descriptor.size}.${mark}`);
  await rename(join(folder, 'ingest', name), path);
  const then = new Date(Date.now() - minutesAgo * MINUTE);
  await utimes(path, then, then);
  return folder;
}

describe('parts of downloads in a folder that several write to', () => {
  const LIVING = `pull-${host}-${process.ppid}-f00`;
  const writers = { server: () => SERVER, command: besideServer };

  type Left = { readonly mark: Promise<string> | string; readonly minutesAgo?: number };

  it.each<[keyof typeof writers, string, () => Left, boolean]>([
    ['server', 'itself, before it started', () => ({ mark: 'f00' }), true],
    ['server', 'a command that runs', () => ({ mark: LIVING }), false],
    ['server', 'a command that runs, long ago', () => ({ mark: LIVING, minutesAgo: 20 }), false],
    ['server', 'a command that ended', () => ({ mark: ofDeadProcess() }), true],
    ['server', 'a command elsewhere', () => ({ mark: 'pull-elsewhere-1-f00' }), false],
    ['server', 'a command elsewhere, long ago', () => ({ mark: 'pull-elsewhere-1-f00', minutesAgo: 20 }), true],
    [
      'server',
      'a command elsewhere, in a time to come',
      () => ({ mark: 'pull-elsewhere-1-f00', minutesAgo: -20 }),
      true,
    ],
    [
      'server',
      'a command of its number in another container',
      () => ({ mark: `pull-${name}_1-${process.pid}-f00` }),
      false,
    ],
    ['server', 'nobody it knows', () => ({ mark: 'pull-x' }), false],
    ['command', 'a server', () => ({ mark: 'f00' }), false],
    ['command', 'a server, long ago', () => ({ mark: 'f00', minutesAgo: 20 }), false],
    ['command', 'a command that runs', () => ({ mark: LIVING }), false],
    ['command', 'a command that ended', () => ({ mark: ofDeadProcess() }), true],
    ['command', 'itself', () => ({ mark: `pull-${host}-${process.pid}-f00` }), true],
  ])('for a %s, left by %s', async (whom, _what, left, mayTake) => {
    const { mark, minutesAgo } = left();
    const folder = await leftBy(await mark, minutesAgo);
    const store = await DiskBlobStore.open(folder, { writer: writers[whom]() });
    expect((await store.holdings()).map(({ size }) => size)).toEqual(mayTake ? [6_000] : []);
    const ingest = await store.ingest(descriptor);
    expect(ingest.written).toBe(mayTake ? 6_000 : 0);
    await ingest.abort();
    await ingest.close();
    expect(await inIngest(folder)).toHaveLength(mayTake ? 0 : 1);
    expect(await store.deletePart(descriptor.digest)).toBe(false);
  });

  it('minds nobody who opens the folder at the same time', async () => {
    const folder = await temporaryFolder();
    const opened = Array.from({ length: 30 }, (_, turn) =>
      DiskBlobStore.open(folder, turn % 2 === 0 ? {} : { writer: besideServer() }),
    );
    expect(await Promise.all(opened)).toHaveLength(30);
    expect([await inIngest(folder), await readdir(join(folder, 'blobs/sha256'))]).toEqual([[], []]);
  });

  it('never touches what another is writing, and both end with the blob', async () => {
    const folder = await temporaryFolder();
    const server = await DiskBlobStore.open(folder);
    const command = await DiskBlobStore.open(folder, { writer: besideServer() });
    const [one, other] = [await server.ingest(descriptor), await command.ingest(descriptor)];
    expect((await inIngest(folder)).filter((name) => name.includes('.pull-'))).toHaveLength(1);
    for (const ingest of [one, other]) await ingest.write(bytes);
    for (const ingest of [one, other]) await ingest.commit();
    for (const ingest of [one, other]) await ingest.close();
    expect(await server.recheck(descriptor.digest, async () => undefined)).toBe('intact');
    expect(await inIngest(folder)).toEqual([]);
  });
});
