import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { cpio } from './cpio.js';
import { dependsOf } from './kernel-modules.js';
import { payloadParts } from './parts.js';
import { payloadFiles } from './payload.js';

it('writes what busybox reads, the same bytes each time', async () => {
  const entries = [
    { path: 'bin', kind: 'folder' },
    { path: 'bin/tool', kind: 'file', contents: Buffer.from('seven b'), mode: 0o755 },
    { path: 'bin/alias', kind: 'link', target: 'tool' },
  ] as const;
  expect(cpio(entries).equals(cpio(entries))).toBe(true);
  const folder = await temporaryFolder();
  const { busybox } = payloadParts('amd64');
  const unpacked = spawnSync(busybox, ['cpio', '-i'], { cwd: folder, input: cpio(entries) });
  expect(unpacked.stderr.toString()).toMatch(/^1 blocks\n$/);
  expect(await readFile(join(folder, 'bin/alias'), 'utf8')).toBe('seven b');
});

it('puts the modules that the network card needs into the initramfs, in the order to load them', () => {
  const { busybox } = payloadParts('amd64');
  const archive = gunzipSync(readFileSync(payloadFiles('amd64').initramfs));
  const { stdout } = spawnSync(busybox, ['cpio', '-i', '--to-stdout', 'modules/order'], { input: archive });
  const order = stdout.toString().trim().split('\n');
  expect(order).toContain('virtio_net');
  for (const [position, name] of order.entries()) {
    const { stdout: module } = spawnSync(busybox, ['cpio', '-i', '--to-stdout', `modules/${name}.ko`], {
      input: archive,
    });
    for (const needed of dependsOf(module)) {
      if (order.includes(needed)) expect(order.indexOf(needed)).toBeLessThan(position);
    }
  }
});

it('reads no dependencies where there are none', () => {
  expect(dependsOf(Buffer.from('\0depends=\0'))).toEqual([]);
  expect(dependsOf(Buffer.from('\0depends=a-b,c\0'))).toEqual(['a_b', 'c']);
  expect(dependsOf(readFileSync(payloadFiles('amd64').cmdline))).toEqual([]);
});
