import { expect, it } from 'vitest';
import { roomForArguments } from '../../src/image/argument-room.js';

/** `vmlinuz initrd=initrd ` and the closing NUL. */
const TAKEN = 23;

it.each([
  ['amd64', undefined, 2_048],
  ['arm64', undefined, 2_048],
  ['riscv64', undefined, 1_024],
  ['loong64', undefined, 4_096],
  ['mips64le', undefined, 512],
  ['amd64', 255, 256],
  ['amd64', 4_095, 2_048],
  ['amd64', 0, 2_048],
])('a kernel of %s whose header says %s takes a line of %i bytes', (architecture, mostOfKernel, size) =>
  expect(roomForArguments(architecture, { mostOfKernel })).toBe(size - TAKEN),
);

it.each([
  // A UKI started as it is: `boot.efi `.
  [0, 9],
  [1, 'vmlinuz initrd=initrd '.length],
  [2, 'vmlinuz initrd=initrd0 initrd=initrd '.length],
  [12, 'vmlinuz initrd=initrd '.length + 10 * 'initrd=initrd0 '.length + 'initrd=initrd10 '.length],
])('of %i initrds, %i bytes are in front', (initrds, front) =>
  expect(roomForArguments('amd64', { initrds })).toBe(2_047 - front),
);

it('is none, and not less, where what is in front fills all', () => {
  expect(roomForArguments('amd64', { mostOfKernel: 10 })).toBe(0);
  expect(roomForArguments('s390x', { initrds: 60 })).toBe(0);
});
