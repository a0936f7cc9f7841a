import { expect, it } from 'vitest';
import { FILE_PARTS, markProblem } from '../../src/build/uki-parts.js';

function problem(name: string, head: string | Buffer, size = 100) {
  const part = FILE_PARTS.find((one) => one.name === name) ?? expect.fail(name);
  return markProblem(part, Buffer.from(head), size)?.reason;
}

it.each([
  ['dtb', Buffer.from('d00dfeed00', 'hex')],
  ['splash', 'BM6'],
  ['microcode', '070701'],
  ['initramfs', 'anything'],
  ['os-release', 'ID=debian'],
])('takes what it is for: %s', (name, head) => {
  expect(problem(name, head)).toBeUndefined();
});

it.each([
  ['dtb', '/dts-v1/', 'is not a device tree, as dtc compiles it'],
  ['splash', '\x89PNG', 'is not a BMP picture'],
  ['splash', 'B', 'is not a BMP picture'],
  ['microcode', Buffer.from('1f8b0800', 'hex'), 'is not a cpio archive that is not packed'],
])('refuses what it is not for: %s', (name, head, reason) => {
  expect(problem(name, head)).toBe(reason);
});

it('refuses more text than is read of it', () => {
  expect(problem('os-release', 'ID=x', 65_536)).toBeUndefined();
  expect(problem('os-release', 'ID=x', 65_537)).toBe('has 65537 bytes, and 65536 are taken at most');
});
