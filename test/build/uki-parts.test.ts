import { expect, it } from 'vitest';
import { FILE_PARTS, markProblem } from '../../src/build/uki-parts.js';

function problem(name: string, head: string | Buffer, size = 100) {
  const part = FILE_PARTS.find((one) => one.name === name) ?? expect.fail(name);
  return markProblem(part, Buffer.from(head), size);
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
  ['dtb', '/dts-v1/', 'is not a compiled device tree', 'compile its source by dtc'],
  ['splash', '\x89PNG', 'is not a BMP picture', 'convert it to BMP'],
  ['splash', 'B', 'is not a BMP picture', 'or leave --splash out'],
  ['microcode', Buffer.from('1f8b0800', 'hex'), 'is not a cpio archive that is not packed', 'unpack it by gunzip'],
])('refuses what it is not for, and says what to do: %s', (name, head, reason, remedy) => {
  expect(problem(name, head)).toEqual({ reason, remedy: expect.stringContaining(remedy) as string });
});

it('refuses more text than is read of it', () => {
  expect(problem('os-release', 'ID=x', 65_536)).toBeUndefined();
  expect(problem('os-release', 'ID=x', 65_537)?.reason).toBe('has 65537 bytes, and 65536 are taken at most');
});
