import { expect, it } from 'vitest';
import { stubNameOf } from '../../src/build/stub-name.js';

it.each([
  ['amd64', 'linuxx64.efi.stub'],
  ['arm64', 'linuxaa64.efi.stub'],
  ['386', 'linuxia32.efi.stub'],
  ['s390x', undefined],
  ['constructor', undefined],
])('names the stub of an architecture as systemd does: %s', (architecture, name) => {
  expect(stubNameOf(architecture)).toBe(name);
});
