import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { dependsOf } from './kernel-modules.js';
import { busyboxProgram } from './parts.js';
import { payloadFiles } from './payload.js';

it.each(['amd64', 'arm64'] as const)('loads what the network card needs, in order, on %s', (architecture) => {
  const archive = gunzipSync(readFileSync(payloadFiles(architecture).initramfs));
  const read = (path: string): Buffer =>
    execFileSync(busyboxProgram(), ['cpio', '-i', '--to-stdout', path], { input: archive, stdio: 'pipe' });
  const order = read('modules/order').toString().trim().split('\n');
  expect(order).toContain('virtio_net');
  for (const [position, name] of order.entries()) {
    const needed = dependsOf(read(`modules/${name}.ko`));
    // What is not among them is built into the kernel.
    const later = needed.filter((one) => order.indexOf(one) > position);
    expect(later, `needed by ${name}`).toEqual([]);
  }
});

it.each(['amd64', 'arm64'] as const)('has a kernel for %s', (architecture) => {
  const kernel = readFileSync(payloadFiles(architecture).kernel);
  // Both can be started by UEFI, which makes them PE files; each has its own mark besides (Linux: boot.rst, booting.rst).
  expect(kernel.toString('latin1', 0, 2)).toBe('MZ');
  if (architecture === 'amd64') expect(kernel.toString('latin1', 0x202, 0x206)).toBe('HdrS');
});
