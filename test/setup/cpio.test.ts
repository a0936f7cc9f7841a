import { execFileSync } from 'node:child_process';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { cpio, type Entry } from './cpio.js';
import { busyboxProgram } from './parts.js';

/** What another implementation makes of the archive. */
const unpackedBy = (options: readonly string[], archive: Buffer, cwd?: string): string =>
  execFileSync(busyboxProgram(), ['cpio', ...options], {
    input: archive,
    encoding: 'utf8',
    stdio: 'pipe',
    ...(cwd !== undefined && { cwd }),
  });

const ENTRIES: readonly Entry[] = [
  { path: 'bin', kind: 'folder' },
  { path: 'bin/busybox', kind: 'file', contents: Buffer.from('program'), mode: 0o755 },
  { path: 'bin/sh', kind: 'link', target: 'busybox' },
  { path: 'console', kind: 'device', major: 5, minor: 1 },
  { path: 'empty', kind: 'file', contents: new Uint8Array() },
];

describe('cpio', () => {
  it('is read by busybox: names, kinds, modes and sizes', () => {
    const listed = unpackedBy(['-tv'], cpio(ENTRIES)).trimEnd().split('\n');
    expect(listed.map((line) => line.replace(/\s+/g, ' ').replace(/ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, ''))).toEqual([
      'drwxr-xr-x 0/0 0 bin',
      '-rwxr-xr-x 0/0 7 bin/busybox',
      'lrwxrwxrwx 0/0 0 bin/sh -> busybox',
      'crw------- 0/0 0 console',
      '-rw-r--r-- 0/0 0 empty',
    ]);
  });

  it('keeps every byte, whatever the lengths of names and contents', async () => {
    const name = fc.stringMatching(/^[a-z]{1,9}$/);
    const files = fc.dictionary(name, fc.uint8Array({ maxLength: 40 }), {
      minKeys: 1,
      maxKeys: 8,
      noNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(files, async (contents) => {
        const folder = await temporaryFolder();
        const entries = Object.entries(contents).map(
          ([path, bytes]) => ({ path, kind: 'file', contents: bytes }) as const,
        );
        unpackedBy(['-i'], cpio(entries), folder);
        expect(await readdir(folder)).toEqual(Object.keys(contents).sort());
        for (const { path, contents: bytes } of entries) {
          expect(await readFile(join(folder, path))).toEqual(Buffer.from(bytes));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('makes links and what may be executed', async () => {
    const folder = await temporaryFolder();
    unpackedBy(['-i'], cpio(ENTRIES.filter(({ kind }) => kind !== 'device')), folder);
    expect(await readlink(join(folder, 'bin/sh'))).toBe('busybox');
    expect((await lstat(join(folder, 'bin/busybox'))).mode & 0o777).toBe(0o755);
  });

  it('numbers a device', () => {
    const [device] = ENTRIES.filter(({ kind }) => kind === 'device');
    // newc: six digits of magic, then fields of eight; the tenth and eleventh are the device's own numbers.
    const numbers = cpio(device === undefined ? [] : [device]).toString('latin1', 6 + 9 * 8, 6 + 11 * 8);
    expect(numbers).toBe('0000000500000001');
  });

  it('has the same bytes each time, and no time in them', () => {
    const archive = cpio(ENTRIES);
    expect(cpio(ENTRIES)).toEqual(archive);
    // The sixth field is the time.
    expect(archive.toString('latin1', 0, 6)).toBe('070701');
    expect(archive.toString('latin1', 6 + 5 * 8, 6 + 6 * 8)).toBe('00000000');
    expect(archive.length % 4).toBe(0);
    expect(archive.toString('latin1')).toMatch(/TRAILER!!!\0+$/);
  });
});
